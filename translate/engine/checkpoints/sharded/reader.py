"""Read sharded tensors on any number of processes: each process reads only what it needs.

The planner of `torch.distributed.checkpoint` finds which saved parts overlap a process's shard.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Size, Tensor
from torch.distributed.checkpoint.default_planner import DefaultLoadPlanner
from torch.distributed.checkpoint.metadata import (
    ChunkStorageMetadata,
    Metadata,
    TensorProperties,
    TensorStorageMetadata,
)

from translate.engine.checkpoints.safetensors import DTYPE_NAMES, map_tensors
from translate.engine.checkpoints.sharded.index import SHARDS, ShardIndex
from translate.engine.disk.records import json_files
from translate.errors import CheckpointError

DTYPES = {name: dtype for dtype, name in DTYPE_NAMES.items()}
Allocate: TypeAlias = Callable[[str, Size, torch.dtype], Tensor]
"""function of a tensor's name, shape and type; returns an empty tensor, sharded or not"""


def load_shards(folder: Path, allocate: Allocate) -> dict[str, Tensor]:
    """Return the sharded tensors of a checkpoint, loaded into tensors that `allocate` returns.

    Processes do not communicate. Raises `CheckpointError` if a file is missing or damaged.
    """
    index = json_files.read_record(folder / SHARDS, ShardIndex)
    parts = {
        (name, Size(part.offsets)): part
        for name, tensor in index.tensors.items()
        for part in tensor.parts
    }
    tensors = {
        name: allocate(name, Size(tensor.shape), DTYPES[tensor.dtype])
        for name, tensor in index.tensors.items()
    }

    @cache
    def open_file(name: str) -> Mapping[str, Tensor]:
        return map_tensors(folder / name)

    planner = DefaultLoadPlanner()
    planner.set_up_planner(dict(tensors), _metadata(index))
    for item in planner.finish_plan(planner.create_local_plan()).items:
        name = item.storage_index.fqn
        part = parts[name, Size(item.storage_index.offset or ())]
        saved = open_file(part.file).get(name)
        if saved is None or list(saved.shape) != part.shape:
            raise CheckpointError(
                f"{folder / part.file} has no part {part.shape} of {name}, which {SHARDS} places "
                "there."
            )
        ranges = zip(item.storage_offsets, item.lengths, strict=True)
        overlap = saved[tuple(slice(start, start + length) for start, length in ranges)]
        target = planner.resolve_tensor(item).detach()
        target.copy_(overlap)
        planner.commit_tensor(item, target)
    return tensors


def _metadata(index: ShardIndex) -> Metadata:
    """Return the shapes of all tensors and their parts for the planner."""
    return Metadata(
        {
            name: TensorStorageMetadata(
                TensorProperties(DTYPES[tensor.dtype]),
                Size(tensor.shape),
                [ChunkStorageMetadata(Size(p.offsets), Size(p.shape)) for p in tensor.parts],
            )
            for name, tensor in index.tensors.items()
        }
    )
