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
"""the file that only a resume needs"""
MAX_STEPS = 10**12
"""largest step of a checkpoint"""
MAX_TEXT_BYTES = 10**7
"""largest length of a caption that a network takes"""
REQUIRED_FILES = {WEIGHTS, "state.json"}
"""files that inference needs"""

Best: TypeAlias = tuple[str, Literal["min", "max"]]
"""the metric that decides which checkpoint is the best, and whether its minimum or maximum is"""


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
    """number of evaluations after the best one"""


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
    """a `Best` as JSON has it"""
    selection: SelectionState | None = None
    processes: int = Field(ge=1, le=MAX_STEPS)
    versions: dict[str, str]
    plugins: dict[str, str] = {}
    """versions of the distributions of the plugins in the configuration, except our own"""

    @property
    def best_by(self) -> Best | None:
        """`best` as a pair, or None."""
        return (self.best[0], "min" if self.best[1] == "min" else "max") if self.best else None


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a checkpoint's manifest, which lists the SHA-256 of its files."""
    return sha256((path / MANIFEST).read_bytes()).hexdigest()


def with_digest(chunks: Iterable[Chunk], name: str, facts: dict[str, FileFacts]) -> Iterator[Chunk]:
    """Yield the chunks of the file `name`, then add its digest and size to `facts`."""
    digest, size = sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        yield chunk
    facts[name] = FileFacts(sha256=digest.hexdigest(), size=size)


def with_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def without_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors with names that start with ``prefix/``, by the rest of the name."""
    start = f"{prefix}/"
    return {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}
