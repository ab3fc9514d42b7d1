"""Progress of training: a bar on a terminal or in a notebook, plain lines elsewhere."""

import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn

from translate.engine.processes.launch import read_launch
from translate.engine.system import console
from translate.progress import ProgressReport, ProgressReporter, duration

BAR = 12
"""columns of the bar itself"""
WIDEST = 120
"""columns that a line with a bar takes at most"""


class Lines(ProgressReporter):
    """Plain lines, for pipes and logs."""

    def message(self, line: str) -> None:
        console.say(line)

    def progress(self, report: ProgressReport) -> None:
        console.say(report.line())


class Bar(Lines):
    """A progress bar in one line of the terminal, or of a notebook's cell."""

    def __init__(self, bar: Progress) -> None:
        self.bar = bar
        self.task = bar.add_task("", total=None, left="starting", place="", details="")
        self.begun: tuple[int, float] | None = None
        self.seconds = 0.0  # for one step
        self.report: ProgressReport | None = None

    def message(self, line: str) -> None:
        self.bar.console.print(
            console.printable(line), markup=False, highlight=False, soft_wrap=True
        )

    def step(self, step: int, steps: int) -> None:
        now = time.monotonic()
        first, since = self.begun = self.begun or (step, now)
        if self.report is None and step > first:
            self.seconds = (now - since) / (step - first)
        self._show(step, steps)

    def progress(self, report: ProgressReport) -> None:
        self.report = report
        if report.step < report.steps:
            self.seconds = report.seconds_left / (report.steps - report.step)
        self._show(report.step, report.steps)

    def _show(self, step: int, steps: int) -> None:
        left = f"{duration(self.seconds * (steps - step))} left" if self.seconds else ""
        place = f"{step}/{steps}"
        room = min(self.bar.console.width, WIDEST) - BAR - len(left) - len(place) - 3
        details = self.report.details(room).strip() if self.report else ""
        self.bar.update(
            self.task, completed=step, total=steps, left=left, place=place, details=details
        )


class NotebookBar(Lines):
    """A progress bar in the output of a notebook's cell, of text alone."""

    def __init__(self) -> None:
        self.handle: Any = None
        self.shown = -math.inf
        self.report: ProgressReport | None = None

    def step(self, step: int, steps: int) -> None:
        now = time.monotonic()
        if step == steps or now - self.shown > 0.2:
            self.shown = now
            self._draw(step, steps)

    def progress(self, report: ProgressReport) -> None:
        self.report = report
        self._draw(report.step, report.steps)

    def _draw(self, step: int, steps: int) -> None:
        from IPython.display import display  # type: ignore[import-not-found]

        done = BAR * step // steps
        text = f"{'█' * done}{'░' * (BAR - done)} {step}/{steps}"
        if self.report:
            left = self.report.time_left if step < steps else "0 s left"
            text = f"{left} {text}"
            text += self.report.details(WIDEST - len(text))
        shown = {"text/plain": text}
        if self.handle is None:
            self.handle = display(shown, raw=True, display_id=True)
        else:
            self.handle.update(shown, raw=True)


def in_notebook() -> bool:
    """Return whether the code runs in a cell of a notebook."""
    python: Any = sys.modules.get("IPython")
    return python is not None and type(python.get_ipython()).__name__ == "ZMQInteractiveShell"


@contextmanager
def shown_progress(*, quiet: bool, steps: bool = True) -> Iterator[ProgressReporter]:
    """Yield what shows a run and its messages here; of several processes the first shows any.

    Without `steps` it shows the messages alone.
    """
    if quiet or not read_launch().is_first:
        yield ProgressReporter()
        return
    with (
        _reporter() if steps else nullcontext(Lines()) as reporter,
        console.messages(reporter.message),
    ):
        yield reporter


@contextmanager
def shown_messages(*, quiet: bool) -> Iterator[None]:
    """Show messages alone; of several processes the first shows any."""
    with nullcontext() if quiet or not read_launch().is_first else console.messages():
        yield


@contextmanager
def _reporter() -> Iterator[ProgressReporter]:
    """Yield what suits the place where progress is shown."""
    if in_notebook():
        yield NotebookBar()
    elif not console.has_bars():
        yield Lines()
    else:
        left, *others = (
            TextColumn(f"{{task.fields[{name}]}}", markup=False)
            for name in ("left", "place", "details")
        )
        columns = (left, BarColumn(BAR), *others)
        with Progress(*columns, console=console.rich_console()) as bar:
            yield Bar(bar)
