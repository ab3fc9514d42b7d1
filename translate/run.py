"""Arguments of event hooks and trackers: the run, and lines of its log."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Run:
    """A training run: its folder and configuration, and a method that stops it."""

    path: Path
    """The run folder, with ``log.jsonl``, ``previews/`` and ``checkpoints/``."""
    config: Mapping[str, Any]
    """The complete configuration, as in ``config.yaml``."""
    steps: int
    """The step at which training ends."""
    _reasons: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    def stop(self, reason: str) -> None:
        """Stop training after the current step, with a checkpoint and exit code 0.

        ``--resume`` continues the run.

        Args:
            reason: The reason, which is printed and written to ``run.json`` with the plugin's name.
                Of several calls, the first reason is used.
        """
        self._reasons.append(str(reason) or "no reason given")

    @property
    def stop_reason(self) -> str:
        """The reason given to `stop`; empty if it was not called."""
        return self._reasons[0] if self._reasons else ""


@dataclass(frozen=True)
class LogRecord:
    """One line of ``log.jsonl``: training since the last line."""

    step: int
    """Number of completed steps."""
    epoch: float
    """Number of completed epochs."""
    losses: Mapping[str, float]
    """Mean of each loss, by ``player/name``; NaN if it was never finite."""
    lr: Mapping[str, float]
    """Learning rate of each player at the last step."""
    grad_norm: Mapping[str, float]
    """Mean norm of each player's gradient, before clipping."""
    images_per_second: float
    data_wait: float
    """Fraction of the time spent waiting for images, from 0 to 1."""
    memory_mb: int
    """Peak memory in MiB, of the GPU if there is one, else of the process."""
    threads: int
    """CPU threads of PyTorch."""
    skipped: int = 0
    """Number of turns of the run that were skipped because a loss or gradient was not finite."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Means of values that are logged but not minimized, by ``player/name``; metric values of
    an evaluation after this step, by ``evaluation/name``."""
    evaluation_seconds: float = 0.0
    """Duration of evaluations, which `images_per_second` excludes."""
    skipped_files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Image files of steps with skipped turns, by step."""
    first_losses: Mapping[str, float] = field(default_factory=dict)
    """Losses of step 1, by ``player/name``, in the first line of a run."""

    def document(self) -> dict[str, Any]:
        """Return the line as JSON types, without optional values that are empty."""
        optional = ("metrics", "skipped_files", "first_losses", "evaluation_seconds")
        return {key: value for key, value in asdict(self).items() if value or key not in optional}
