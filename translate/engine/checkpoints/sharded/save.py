"""A checkpoint of sharded networks, which all processes write together.

Each process writes its parts of the moments. The weights are gathered one tensor at a time on the
first process, which writes them as they come: it never has more than its parts and one tensor.
"""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from translate.engine.checkpoints.contents import FileFacts
from translate.engine.checkpoints.safetensors import gather_all, serialize
from translate.engine.processes import distributed


class ShardedSave:
    """What the processes of a sharded run write to one checkpoint.

    The first process makes the folder, calls `begin`, writes `streams` and calls `end`; every other
    one calls `follow`.

    Args:
        moments: Tensors that only a resume needs; those that are sharded stay so.
        own: Tensors of this process alone.
        whole: The tensors of each file that is gathered.
    """

    def __init__(
        self,
        moments: Mapping[str, Tensor],
        own: Mapping[str, Tensor],
        whole: Mapping[str, Mapping[str, Tensor]],
    ) -> None:
        self.moments, self.own, self.whole = moments, own, whole
        self.streams = {file: serialize(named) for file, named in whole.items()}
        """the bytes of each gathered file, on the first process"""
        self._begun = self._gathering = False

    def begin(self, folder: Path) -> dict[str, FileFacts]:
        """Let all processes write their parts to `folder`; return the facts of their files."""
        self._begun = True
        distributed.broadcast(str(folder))
        facts = self._write_parts(folder)
        self._gathering = True
        return facts

    def end(self) -> None:
        """Release the other processes, also if nothing or only a part was written."""
        if not self._begun:
            distributed.broadcast("")
        if self._gathering:
            for stream in self.streams.values():
                for _ in stream:  # after a disk error, the others still wait in `gather_all`
                    pass

    def follow(self) -> None:
        """Take part in what the first process writes; raises `OSError` where it does."""
        if folder := distributed.broadcast(""):
            self._write_parts(Path(folder))
            for named in self.whole.values():
                gather_all(named)

    def _write_parts(self, folder: Path) -> dict[str, FileFacts]:
        # imported here: PyTorch's module takes two seconds, and other runs need none of it
        from translate.engine.checkpoints.sharded.writer import write_shards

        return write_shards(folder, self.moments, self.own)
