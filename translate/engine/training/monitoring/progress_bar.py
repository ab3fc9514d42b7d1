"""Progress of training: a panel on a terminal, a bar in a notebook, plain lines elsewhere."""

import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from translate.engine.processes.launch import read_launch
from translate.engine.system import console
from translate.progress import ProgressReport, ProgressReporter

BAR = 12
"""number of columns of the bar itself"""
WIDEST = 120
"""largest number of columns of a line in a notebook"""


class PlainLines(ProgressReporter):
    """Progress as lines of text, for pipes and logs."""

    def message(self, line: str) -> None:
        console.say(line)

    def progress(self, report: ProgressReport) -> None:
        console.say(report.line())


class NotebookBar(PlainLines):
    """A progress bar of text in the output of a notebook's cell."""

    def __init__(self) -> None:
        self.handle: Any = None
        self.draw_time = -math.inf
        self.report: ProgressReport | None = None

    def step(self, step: int, steps: int) -> None:
        now = time.monotonic()
        if step == steps or now - self.draw_time > 0.2:
            self.draw_time = now
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
    """Yield a reporter that shows a run and its messages; without `steps`, only the messages.

    Only the first of several processes shows anything.
    """
    if quiet or not read_launch().is_first:
        yield ProgressReporter()
        return
    with (
        _reporter() if steps else nullcontext(PlainLines()) as reporter,
        console.messages(reporter.message),
    ):
        yield reporter


@contextmanager
def shown_messages(*, quiet: bool) -> Iterator[None]:
    """Show messages within the block, on the first of several processes."""
    with console.messages(quiet=quiet or not read_launch().is_first):
        yield


@contextmanager
def _reporter() -> Iterator[ProgressReporter]:
    """Yield a bar for a notebook, a panel for a terminal, or lines for anything else."""
    if in_notebook():
        yield NotebookBar()
    elif not console.has_bars():
        yield PlainLines()
    else:
        from rich.live import Live

        from translate.engine.training.monitoring.panel import Panel

        screen = console.rich_console()
        panel = Panel(screen)
        is_terminal = console.stderr().isatty()  # else standard error is redirected to a file
        with Live(panel, console=screen, refresh_per_second=4, redirect_stderr=is_terminal):
            yield panel
