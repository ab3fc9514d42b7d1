"""``training-shards.json``: which file of a checkpoint has which part of a sharded tensor."""

from typing import Annotated, TypeAlias

from pydantic import Field

from translate.engine.checkpoints.contents import TRAINING
from translate.engine.disk.records import json_files

SHARDS = "training-shards.json"
Sizes: TypeAlias = list[Annotated[int, Field(ge=0)]]
"""a number for each dimension of a tensor"""


class TensorPart(json_files.Record):
    """A part of a tensor, under the tensor's name in a file of one process."""

    file: str = Field(pattern=r"^training(-rank-[0-9]+)?\.safetensors$")
    offsets: Sizes
    """the part's first index in each dimension"""
    shape: Sizes


class ShardedTensor(json_files.Record):
    """A tensor with its parts in the files of several processes."""

    dtype: str
    """the name of the type in safetensors, such as F32"""
    shape: Sizes
    parts: list[TensorPart]


class ShardIndex(json_files.Record):
    """``training-shards.json``."""

    tensors: dict[str, ShardedTensor]


def training_file(rank: int) -> str:
    """Return the name of the file with the training state of one process."""
    return f"training-rank-{rank}.safetensors" if rank else TRAINING
