"""Progress of training, and the interface of classes that display it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

WIDTH = 80
"""columns of a line of progress"""


@dataclass(frozen=True)
class ProgressReport:
    """Progress of training, for one line of ``log.jsonl``."""

    step: int
    """Steps done."""
    steps: int
    """The step at which training ends."""
    losses: Mapping[str, float]
    """Means since the last report, by ``player/name``."""
    images_per_second: float
    data_wait: float
    """Fraction of the time spent waiting for images, from 0 to 1."""
    seconds_left: float
    """Estimated time to the last step."""
    evaluation: Mapping[str, float] = field(default_factory=dict)
    """Metric values of the latest evaluation, by name."""
    memory_mb: int = 0
    """Peak memory in MiB, of the GPU if there is one; 0: unknown."""

    @property
    def time_left(self) -> str:
        """The estimated time to the last step, such as ``12 min left``."""
        return f"{duration(self.seconds_left)} left"

    def by_player(self) -> dict[str, dict[str, float]]:
        """Return the losses by player and name."""
        groups: dict[str, dict[str, float]] = {}
        for name, value in self.losses.items():
            player, _, loss = name.partition("/")
            groups.setdefault(player, {})[loss] = value
        return groups

    def line(self, width: int = WIDTH) -> str:
        """Return time left, step, metric values, losses and speed in at most `width` columns."""
        start = f"{self.time_left}  step {self.step}/{self.steps}"
        return f"{start}{self.details(width - len(start))}"

    def details(self, width: int) -> str:
        """Return evaluation, losses and speed in at most `width` columns, each after two spaces.

        If the losses are too long, only the total of each player is shown. What is still too long
        is cut off at the end.
        """
        groups = self.by_player()
        each_loss = [
            f"{player} {' '.join(f'{loss} {value:.3g}'.strip() for loss, value in losses.items())}"
            for player, losses in groups.items()
        ]
        totals = [f"{p} {sum(losses.values()):.3g}" for p, losses in groups.items()]
        metrics = [f"{name} {value:.4g}" for name, value in self.evaluation.items()]
        speed = [f"{self.images_per_second:.3g} images/s"]
        if self.data_wait >= 0.01:
            speed.append(f"{self.data_wait:.0%} waiting for data")
        fits = _width([*metrics, *each_loss, speed[0]]) <= width
        parts: list[str] = []
        for part in [*metrics, *(each_loss if fits else totals), *speed]:
            if _width([*parts, part]) > width:
                break
            parts.append(part)
        return "".join(f"  {part}" for part in parts)


class ProgressReporter:
    """Receives the progress of a training run; the base class shows nothing.

    Pass an instance of a subclass to `translate.api.train` as ``progress``.

    Example:
        >>> class Printed(ProgressReporter):
        ...     def progress(self, report: ProgressReport) -> None:
        ...         print(report.line())
    """

    def message(self, line: str) -> None:
        """Show a log message of the logger ``translate``, of level INFO or above."""

    def step(self, step: int, steps: int) -> None:
        """Show the number of steps; called after every step.

        Args:
            step: Steps done.
            steps: The step at which training ends.
        """

    def progress(self, report: ProgressReport) -> None:
        """Show a report; called every ``train.log_every`` steps."""

    def preview(self, path: Path) -> None:
        """Show a new preview, an image file at `path`."""


def duration(seconds: float) -> str:
    """Return a duration as ``40 s``, ``12 min``, ``3 h 05 min`` or ``2 d 4 h``."""
    minutes, hours = round(seconds / 60), seconds / 3600
    if seconds < 100:
        return f"{seconds:.0f} s"
    if minutes < 100:
        return f"{minutes} min"
    if hours < 48:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{hours // 24:.0f} d {hours % 24:.0f} h"


def _width(parts: list[str]) -> int:
    return sum(2 + len(part) for part in parts)
