"""Write sharded tensors: each process writes its shards to one file.

`torch.distributed.checkpoint` assigns tensors to processes, and raises the error of one process on
all. Its storage writer pickles the index; ours writes JSON.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.metadata import Metadata, TensorStorageMetadata
from torch.distributed.checkpoint.planner import SavePlan, SavePlanner
from torch.distributed.checkpoint.state_dict_saver import save
from torch.distributed.checkpoint.storage import StorageWriter, WriteResult
from torch.futures import Future

from translate.engine.checkpoints.contents import FileFacts, with_digest
from translate.engine.checkpoints.safetensors import DTYPE_NAMES, serialize
from translate.engine.checkpoints.sharded.index import (
    SHARDS,
    ShardedTensor,
    ShardIndex,
    TensorPart,
    training_file,
)
from translate.engine.disk.durable import Chunk, write_durably
from translate.engine.processes import distributed


def write_shards(
    folder: Path, tensors: Mapping[str, Tensor], process_state: Mapping[str, Tensor]
) -> dict[str, FileFacts]:
    """Write this process's shards of `tensors`, and its `process_state`, to its file in `folder`.

    Every process must call this. A tensor that is not sharded is written by one process.

    Returns:
        The files of all processes and their index, on the first process; {} on the others.

    Raises:
        OSError: The disk refused a file of any process.
    """
    writer = ShardStorage(folder, process_state)
    try:
        with distributed.explain_peer_failure():
            save(dict(tensors), storage_writer=writer)
    except CheckpointException as error:
        cause, _ = error.failures[min(error.failures)]
        raise cause from error
    facts = {name: file_facts.model_dump() for name, file_facts in writer.facts.items()}
    gathered = distributed.gather_bytes(json.dumps(facts).encode())
    return {
        name: FileFacts.model_validate(file_facts)
        for data in gathered
        for name, file_facts in json.loads(data).items()
    }


class ShardStorage(StorageWriter):
    """The storage of `write_shards`."""

    def __init__(self, folder: Path, process_state: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.folder, self.process_state = folder, process_state
        self.facts: dict[str, FileFacts] = {}
        """digests and sizes of the files that this process has written"""

    def write_data(self, plan: SavePlan, planner: SavePlanner) -> Future[list[WriteResult]]:
        """Write the shards of this process to its file."""
        name = training_file(distributed.rank())
        values = {item.index.fqn: planner.resolve_data(item) for item in plan.items}
        shards = {key: value for key, value in values.items() if isinstance(value, Tensor)}
        self._write(name, serialize({**shards, **self.process_state}))
        future: Future[list[WriteResult]] = Future()
        future.set_result(
            [WriteResult(i.index, i.tensor_storage_size() or 0, name) for i in plan.items]
        )
        return future

    def finish(self, metadata: Metadata, results: list[list[WriteResult]]) -> None:
        """Write the index, on the first process, when all processes have written their files."""
        files = {
            (result.index.fqn, result.index.offset): result.storage_data
            for process_results in results
            for result in process_results
        }
        tensors = {}
        for name, tensor in metadata.state_dict_metadata.items():
            if isinstance(tensor, TensorStorageMetadata):
                parts = [
                    TensorPart(
                        file=files[name, chunk.offsets],
                        offsets=list(chunk.offsets),
                        shape=list(chunk.sizes),
                    )
                    for chunk in tensor.chunks
                ]
                dtype = DTYPE_NAMES[tensor.properties.dtype]
                tensors[name] = ShardedTensor(dtype=dtype, shape=list(tensor.size), parts=parts)
        index = ShardIndex(tensors=tensors).model_dump()
        self._write(SHARDS, [(json.dumps(index, indent=1) + "\n").encode()])

    def _write(self, name: str, chunks: Iterable[Chunk]) -> None:
        write_durably(self.folder / name, with_digest(chunks, name, self.facts))

    # The interface requires these; there is nothing to prepare.

    def reset(self, checkpoint_id: str | PathLike[str] | None = None) -> None:
        """Begin a new checkpoint."""

    def set_up_storage_writer(self, is_coordinator: bool, *args: Any, **kwargs: Any) -> None:
        """Begin to write."""

    def prepare_local_plan(self, plan: SavePlan) -> SavePlan:
        """Return the plan of this process."""
        return plan

    def prepare_global_plan(self, plans: Sequence[SavePlan]) -> list[SavePlan]:
        """Return the plans of all processes."""
        return list(plans)

    @classmethod
    def validate_checkpoint_id(cls, checkpoint_id: str | PathLike[str]) -> bool:  # noqa: ARG003
        """Return False: this writer is passed to `save`, and never chosen by an identifier."""
        return False
