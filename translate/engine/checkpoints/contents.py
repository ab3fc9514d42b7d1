"""The files of a checkpoint and what they contain."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, Field
from torch import Tensor

from translate.engine.disk import json_files

FORMAT = 1
MANIFEST = "MANIFEST.json"
WEIGHTS, AVERAGE = "weights.safetensors", "ema.safetensors"
TRAINING = "training.safetensors"
"""what only a resume needs"""
MAX_STEPS = 10**12
"""No run takes so many steps."""
MAX_TEXT_BYTES = 10**7
"""bytes of a caption"""
REQUIRED_FILES = {WEIGHTS, "state.json"}
"""files without which a checkpoint is of no use"""


Best: TypeAlias = tuple[str, Literal["min", "max"]]
"""a metric by which one checkpoint is the best, and whether less or more of it is better"""


class FileFacts(json_files.Record):
    """What a manifest says of a file."""

    sha256: str
    size: int = Field(ge=0)


class Manifest(json_files.Record):
    """``MANIFEST.json``: the files of a checkpoint, and what was written into them."""

    format: int
    files: dict[str, FileFacts]


class OptimizerState(json_files.Record):
    """What ``state.json`` keeps of an optimizer: all that is no tensor."""

    state: dict[str, dict[str, Any]]
    param_groups: list[dict[str, Any]] = Field(min_length=1)


class SelectionState(BaseModel):
    """What ``state.json`` keeps of the best checkpoint of its run."""

    value: float | None
    step: int = Field(ge=0, le=MAX_STEPS)
    waited: int = Field(ge=0, le=MAX_STEPS)


class State(json_files.Record):
    """``state.json``: what a checkpoint says of itself."""

    step: int = Field(ge=0, le=MAX_STEPS)
    config: dict[str, Any]
    spec: dict[str, Any]
    optimizers: dict[str, OptimizerState]
    averaged: int = Field(ge=0, le=MAX_STEPS)
    metrics: dict[str, float] = {}
    best: list[str] | None = Field(default=None, min_length=2, max_length=2)
    """the metric by which one checkpoint of the run is the best, and min or max"""
    selection: SelectionState | None = None

    @property
    def best_by(self) -> Best | None:
        """`best` as a pair, where there is one."""
        return (self.best[0], "min" if self.best[1] == "min" else "max") if self.best else None

    processes: int = Field(ge=1, le=MAX_STEPS)
    versions: dict[str, str]


def with_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def without_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}/"
    return {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}
