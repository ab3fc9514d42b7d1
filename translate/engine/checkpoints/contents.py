"""The files of a checkpoint and what they contain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import BaseModel, Field

from translate.engine.disk.durable import Chunk
from translate.engine.disk.records import json_files

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = 1
MANIFEST = "MANIFEST.json"
WEIGHTS, AVERAGE = "weights.safetensors", "ema.safetensors"
TRAINING = "training.safetensors"
"""needed only to resume"""
MAX_STEPS = 10**12
"""largest step of a checkpoint"""
MAX_TEXT_BYTES = 10**7
"""largest caption in bytes"""
REQUIRED_FILES = {WEIGHTS, "state.json"}
"""files that inference needs"""


Best: TypeAlias = tuple[str, Literal["min", "max"]]
"""a metric, and whether smaller or larger values are better"""


class FileFacts(json_files.Record):
    """Digest and size of a file in a manifest."""

    sha256: str
    size: int = Field(ge=0)


class Manifest(json_files.Record):
    """``MANIFEST.json``: the files of a checkpoint, with their digests."""

    format: int
    files: dict[str, FileFacts]


class OptimizerState(json_files.Record):
    """An optimizer in ``state.json``: all of its state but tensors."""

    state: dict[str, dict[str, Any]]
    param_groups: list[dict[str, Any]] = Field(min_length=1)


class SelectionState(BaseModel):
    """The best checkpoint of the run so far, in ``state.json``."""

    value: float | None
    step: int = Field(ge=0, le=MAX_STEPS)
    waited: int = Field(ge=0, le=MAX_STEPS)
    """number of evaluations since then, all without improvement"""


class State(json_files.Record):
    """``state.json``: the description of a checkpoint."""

    step: int = Field(ge=0, le=MAX_STEPS)
    config: dict[str, Any]
    spec: dict[str, Any]
    optimizers: dict[str, OptimizerState]
    averaged: int = Field(ge=0, le=MAX_STEPS)
    """number of updates of the moving average of the weights"""
    metrics: dict[str, float] = {}
    best: list[str] | None = Field(default=None, min_length=2, max_length=2)
    """the metric that decides which checkpoint is the best, and min or max"""
    selection: SelectionState | None = None

    @property
    def best_by(self) -> Best | None:
        """`best` as a pair, or None."""
        return (self.best[0], "min" if self.best[1] == "min" else "max") if self.best else None

    processes: int = Field(ge=1, le=MAX_STEPS)
    versions: dict[str, str]
    plugins: dict[str, str] = {}
    """versions of the distributions whose plugins the configuration names, without ours"""


def digest_of(path: Path) -> str:
    """Return the SHA-256 of the manifest of a checkpoint, which contains those of its files."""
    return sha256((path / MANIFEST).read_bytes()).hexdigest()


def with_digest(
    chunks: Iterable[Chunk], name: str, listed: dict[str, FileFacts]
) -> Iterator[Chunk]:
    """Yield `chunks`, then add their digest and size to `listed`."""
    digest, size = sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        yield chunk
    listed[name] = FileFacts(sha256=digest.hexdigest(), size=size)


def with_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def without_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}/"
    return {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}
