"""Arguments of event hooks and trackers: the run, a way to stop it, and lines of its log."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Run:
    """One training run: where it lies, its configuration, and a way to stop it."""

    path: Path
    """The run folder, which holds ``log.jsonl``, ``previews/`` and ``checkpoints/``."""
    config: Mapping[str, Any]
    """The resolved configuration, as ``config.yaml`` holds it."""
    steps: int
    """The step at which training ends."""
    _reasons: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    def stop(self, reason: str) -> None:
        """End training at this step boundary: save a checkpoint and exit with code 0.

        Args:
            reason: Printed, and written to ``run.json`` with the plugin's name. ``--resume``
                continues from there. The first reason counts; after the last step it has
                no effect.
        """
        self._reasons.append(str(reason) or "no reason given")

    @property
    def stop_reason(self) -> str:
        """Why a hook has stopped the run, or an empty text."""
        return self._reasons[0] if self._reasons else ""


@dataclass(frozen=True)
class LogRecord:
    """One line of ``log.jsonl``: training since the line before."""

    step: int
    """Steps done."""
    epoch: float
    """The number of times that every image has been used."""
    losses: Mapping[str, float]
    """Mean of each loss, by ``player/name``; NaN if it was never finite."""
    lr: Mapping[str, float]
    """Learning rate of each player at the last step."""
    grad_norm: Mapping[str, float]
    """Mean norm of each player's gradient, before clipping."""
    images_per_second: float
    data_wait: float
    """Share of the time spent waiting for images, from 0 to 1."""
    memory_mb: int
    """Peak memory of the GPU, or of the process without one."""
    threads: int
    """CPU threads of PyTorch."""
    skipped: int = 0
    """Turns of the run that moved no weight, as a loss or gradient was not finite."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Mean of each value that is recorded and not minimised, by ``player/name``; figures of an
    evaluation after this step, by ``evaluation/name``."""
    evaluation_seconds: float = 0.0
    """Time that evaluations took, which is not in the speed."""
    skipped_files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Image files of the steps with a skipped turn, by step."""
    first_losses: Mapping[str, float] = field(default_factory=dict)
    """In the first line of a run: losses of step 1, by ``player/name``."""

    def document(self) -> dict[str, Any]:
        """Return the keys and values of the line, without what is optional and empty."""
        optional = ("metrics", "skipped_files", "first_losses", "evaluation_seconds")
        return {key: value for key, value in asdict(self).items() if value or key not in optional}
