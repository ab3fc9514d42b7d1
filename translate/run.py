"""What an event hook is told about the run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Run:
    """One training run: where it lies and what it was asked to do."""

    path: Path
    """The run folder, which holds ``log.jsonl``, ``previews/`` and ``checkpoints/``."""
    config: Mapping[str, Any]
    """The resolved configuration, as ``config.yaml`` holds it."""
    steps: int
    """The step at which training ends."""
