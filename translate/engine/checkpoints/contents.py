"""The files of a checkpoint and what they contain."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field
from torch import Tensor

from translate.engine.disk import records

FORMAT = 1
MANIFEST = "MANIFEST.json"
WEIGHTS, TRAINING = "weights.safetensors", "training.safetensors"
FARTHEST = 10**12
"""No run takes so many steps."""
LONGEST_TEXT = 10**7
"""bytes of a caption"""
NEEDED = {WEIGHTS, "state.json"}
"""files without which a checkpoint is of no use"""


class FileFacts(records.Record):
    """What a manifest says of a file."""

    sha256: str
    size: int = Field(ge=0)


class Manifest(records.Record):
    """``MANIFEST.json``: the files of a checkpoint, and what was written into them."""

    format: int
    files: dict[str, FileFacts]


class OptimizerState(records.Record):
    """What ``state.json`` keeps of an optimizer: all that is no tensor."""

    state: dict[str, dict[str, Any]]
    param_groups: list[dict[str, Any]] = Field(min_length=1)


class State(records.Record):
    """``state.json``: what a checkpoint says of itself."""

    step: int = Field(ge=0, le=FARTHEST)
    config: dict[str, Any]
    spec: dict[str, Any]
    optimizers: dict[str, OptimizerState]
    averaged: int = Field(ge=0, le=FARTHEST)
    processes: int = Field(ge=1, le=FARTHEST)
    versions: dict[str, str]


def prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}/"
    return {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}
