"""Progress of training, as numbers and as one line, and the class that displays it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

WIDTH = 80
"""columns of a terminal that every line of progress fits"""


@dataclass(frozen=True)
class ProgressReport:
    """Progress of training at one line of ``log.jsonl``."""

    step: int
    """Steps done."""
    steps: int
    """The step at which training ends."""
    losses: Mapping[str, float]
    """Means since the report before, by ``player/name``."""
    images_per_second: float
    data_wait: float
    """Share of the time spent waiting for images, from 0 to 1."""
    seconds_left: float
    """Estimated time to the last step."""
    evaluation: Mapping[str, float] = field(default_factory=dict)
    """Figures of the newest evaluation, by name."""
    memory_mb: int = 0
    """Peak memory in MiB, of the GPU if there is one; 0 where it is not known."""

    @property
    def time_left(self) -> str:
        """The estimated time to the end, such as ``12 min left``."""
        return f"{duration(self.seconds_left)} left"

    def by_player(self) -> dict[str, dict[str, float]]:
        """Return the losses of each player, by name."""
        groups: dict[str, dict[str, float]] = {}
        for name, value in self.losses.items():
            player, _, loss = name.partition("/")
            groups.setdefault(player, {})[loss] = value
        return groups

    def line(self, width: int = WIDTH) -> str:
        """Return one line of at most `width` columns: time left, step, figures, losses, speed."""
        start = f"{self.time_left}  step {self.step}/{self.steps}"
        return f"{start}{self.details(width - len(start))}"

    def details(self, width: int) -> str:
        """Return the newest evaluation, losses and speed, each part after two spaces.

        Parts that do not fit into `width` columns are missing.

        Losses are shown one by one where they fit, else as the total of each player.
        """
        groups = self.by_player()
        single = [
            f"{player} {' '.join(f'{loss} {value:.3g}'.strip() for loss, value in losses.items())}"
            for player, losses in groups.items()
        ]
        totals = [f"{p} {sum(losses.values()):.3g}" for p, losses in groups.items()]
        figures = [f"{name} {value:.4g}" for name, value in self.evaluation.items()]
        speed = [f"{self.images_per_second:.3g} images/s"]
        if self.data_wait >= 0.01:
            speed.append(f"{self.data_wait:.0%} waiting for data")
        shown = single if _width([*figures, *single, speed[0]]) <= width else totals
        parts: list[str] = []
        for part in [*figures, *shown, *speed]:
            if _width([*parts, part]) > width:
                break
            parts.append(part)
        return "".join(f"  {part}" for part in parts)


class ProgressReporter:
    """Receives the progress of a training run; this one shows nothing.

    Subclass it and pass an instance to `translate.api.train` as ``progress``.

    Example:
        >>> class Printed(ProgressReporter):
        ...     def progress(self, report: ProgressReport) -> None:
        ...         print(report.line())
    """

    def message(self, line: str) -> None:
        """Show a message: what is logged to the logger ``translate`` from level INFO on."""

    def step(self, step: int, steps: int) -> None:
        """Show the number of steps done; called after every step.

        Args:
            step: Steps done.
            steps: The step at which training ends.
        """

    def progress(self, report: ProgressReport) -> None:
        """Show how far training is; called every ``train.log_every`` steps."""

    def preview(self, path: Path) -> None:
        """Show that a preview was written to `path`."""


def duration(seconds: float) -> str:
    """Return `seconds` as a person says it: ``40 s``, ``12 min``, ``3 h 05 min``, ``2 d 4 h``."""
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
