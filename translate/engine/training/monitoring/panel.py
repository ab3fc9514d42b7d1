"""The live panel of training on a terminal: progress, losses as sparklines, speed, memory."""

import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import isfinite
from pathlib import Path

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from translate.engine.system import console
from translate.progress import WIDTH, ProgressReport, ProgressReporter, duration

BLOCKS = "▁▂▃▄▅▆▇█"
SPARKLINE = 24
"""largest number of columns of a sparkline"""
WIDE = 60
"""number of columns to show each loss of a player, not only their sum"""


class Panel(ProgressReporter):
    """The lines that show a run; rich draws them again several times a second."""

    def __init__(self, screen: Console) -> None:
        self.screen = screen
        self.steps_done, self.steps = 0, 0
        """zeros before the first step"""
        self.first_step: tuple[int, float] | None = None
        """the number of the first step that was shown, and its time"""
        self.step_seconds = 0.0
        self.report: ProgressReport | None = None
        self.totals: dict[str, list[float]] = {}
        """the sum of each player's losses, at every report"""
        self.evaluation_step = 0
        """the step of the newest evaluation"""
        self.newest_preview: Path | None = None

    def message(self, line: str) -> None:
        """Print a message above the panel."""
        self.screen.print(console.printable(line), markup=False, highlight=False, soft_wrap=True)

    def step(self, step: int, steps: int) -> None:
        """Show the number of steps that are done."""
        self.steps_done, self.steps, now = step, steps, time.monotonic()
        first, first_time = self.first_step = self.first_step or (step, now)
        if self.report is None and step > first:
            self.step_seconds = (now - first_time) / (step - first)

    def progress(self, report: ProgressReport) -> None:
        """Show new losses."""
        if report.evaluation and (not self.report or self.report.evaluation != report.evaluation):
            self.evaluation_step = report.step
        self.report, self.steps_done, self.steps = report, report.step, report.steps
        if report.step < report.steps:
            self.step_seconds = report.seconds_left / (report.steps - report.step)
        for player, losses in report.by_player().items():
            self.totals.setdefault(player, []).append(sum(losses.values()))

    def preview(self, path: Path) -> None:
        """Show the path of the newest preview."""
        self.newest_preview = path

    def __rich_console__(
        self, screen: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        """Yield the lines of the panel, of at most 80 columns."""
        width = min(options.max_width, WIDTH)
        yield self._bar(width)
        rows = list(self._rows(width, ascii_only=options.ascii_only))
        margin = min(max((len(label) for label, _ in rows), default=0), width // 3)
        columns = width - margin - 2
        for label, text in rows:
            is_long_path = label == "preview" and len(text) > columns
            shown = f"...{text[3 - columns :]}" if is_long_path else text[:columns]
            yield Text(f"{label[:margin]:<{margin}}  {shown}", no_wrap=True)

    def _bar(self, width: int) -> RenderableType:
        step, steps = self.steps_done, self.steps
        if not steps:
            return Text("starting")
        left = f"  {duration(self.step_seconds * (steps - step))} left" if self.step_seconds else ""
        text = f"{step}/{steps}{left}"
        line = Table.grid(padding=(0, 2, 0, 0))
        bar = ProgressBar(steps, step, width=max(1, width - len(text) - 2))
        line.add_row(bar, Text(text, no_wrap=True))
        return line

    def _rows(self, width: int, *, ascii_only: bool) -> Iterator[tuple[str, str]]:
        """Yield the label and the text of each line below the bar."""
        columns = 0 if ascii_only else min(SPARKLINE, width // 3)
        if report := self.report:
            for player, losses in report.by_player().items():
                total = self.totals[player]
                line = f"{total[-1]:<8.3g}  {sparkline(total, columns):<{columns}}"
                if width >= WIDE and len(losses) > 1:
                    line += "".join(f"  {name} {value:.3g}" for name, value in losses.items())
                yield console.printable(player), console.printable(line)
            if report.evaluation:
                values = "  ".join(f"{n} {value:.4g}" for n, value in report.evaluation.items())
                yield "evaluation", console.printable(f"{values}, step {self.evaluation_step}")
            waiting = f", {report.data_wait:.0%} waiting" if report.data_wait >= 0.01 else ""
            yield "speed", f"{report.images_per_second:.3g} images/s{waiting}"
            if report.memory_mb:
                yield "memory", f"{report.memory_mb:,} MiB"
        if self.newest_preview:
            yield "preview", console.printable(str(self.newest_preview))


def sparkline(values: Sequence[float], width: int) -> str:
    """Return at most `width` block characters that show `values` as heights.

    If there are more values, each character shows a mean of neighbouring ones. A space is a mean
    that is not finite.
    """
    count = min(width, len(values))
    bounds = (number * len(values) // count for number in range(count + 1) if count)
    means = [sum(values[start:end]) / (end - start) for start, end in pairwise(bounds)]
    finite = [mean for mean in means if isfinite(mean)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    scale = (len(BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(BLOCKS[round((m - low) * scale)] if isfinite(m) else " " for m in means)
