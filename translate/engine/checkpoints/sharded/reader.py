"""Read sharded tensors on any number of processes: each only what it needs of every file.

The planner of `torch.distributed.checkpoint` finds the parts that overlap.
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

from translate.engine.checkpoints.safetensors import KINDS, map_tensors
from translate.engine.checkpoints.sharded.index import SHARDS, ShardIndex
from translate.engine.disk.records import json_files
from translate.errors import CheckpointError

DTYPES = {kind: dtype for dtype, kind in KINDS.items()}
Allocate: TypeAlias = Callable[[str, Size, torch.dtype], Tensor]
"""Returns an empty tensor of a name, a shape and a type, sharded or not."""


def load_shards(folder: Path, allocate: Allocate) -> dict[str, Tensor]:
    """Return the sharded tensors of a checkpoint, as `allocate` shards them.

    Each process reads for itself, and may be the only one.

    Raises:
        CheckpointError: A file is missing or damaged.
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
        ends = zip(item.storage_offsets, item.lengths, strict=True)
        piece = saved[tuple(slice(start, start + length) for start, length in ends)]
        target = planner.resolve_tensor(item).detach()
        target.copy_(piece)
        planner.commit_tensor(item, target)
    return tensors


def _metadata(index: ShardIndex) -> Metadata:
    """Return the shapes of all tensors and their parts, as the planner takes them."""
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
