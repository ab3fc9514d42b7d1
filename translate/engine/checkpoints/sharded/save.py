"""A checkpoint of sharded networks, which all processes write together.

Each process writes its shards of the optimizers' moments. The first process gathers and writes the
weights one tensor at a time, so its memory holds no more than its shards and one whole tensor.
"""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from translate.engine.checkpoints.contents import FileFacts
from translate.engine.checkpoints.safetensors import gather_all, serialize
from translate.engine.processes import distributed


class ShardedSave:
    """What the processes of a sharded run write to one checkpoint.

    The first process makes the folder, calls `begin`, writes `streams` and calls `end`. Every
    other process calls `participate`.

    Args:
        moments: Tensors that only a resume needs, sharded or not.
        process_state: Tensors that differ between processes.
        gathered: The tensors of each file that the first process writes.
    """

    def __init__(
        self,
        moments: Mapping[str, Tensor],
        process_state: Mapping[str, Tensor],
        gathered: Mapping[str, Mapping[str, Tensor]],
    ) -> None:
        self.moments, self.process_state, self.gathered = moments, process_state, gathered
        self.streams = {file: serialize(tensors) for file, tensors in gathered.items()}
        """the bytes of each gathered file, on the first process"""
        self._has_begun = self._is_gathering = False

    def begin(self, folder: Path) -> dict[str, FileFacts]:
        """Let all processes write their shards to `folder`; return the facts of their files."""
        self._has_begun = True
        distributed.broadcast(str(folder))
        facts = self._write_shards(folder)
        self._is_gathering = True
        return facts

    def end(self) -> None:
        """Release the other processes, also if nothing or not all was written."""
        if not self._has_begun:
            distributed.broadcast("")
        if self._is_gathering:
            for stream in self.streams.values():
                for _ in stream:  # after a disk error, the others still wait in `gather_all`
                    pass

    def participate(self) -> None:
        """Take part in what the first process writes; a failed write of shards raises `OSError`."""
        if folder := distributed.broadcast(""):
            self._write_shards(Path(folder))
            for tensors in self.gathered.values():
                gather_all(tensors)

    def _write_shards(self, folder: Path) -> dict[str, FileFacts]:
        # imported here: PyTorch's module takes two seconds, and other runs do not need it
        from translate.engine.checkpoints.sharded.writer import write_shards

        return write_shards(folder, self.moments, self.process_state)
