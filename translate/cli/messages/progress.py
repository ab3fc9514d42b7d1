"""Progress over many images: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from translate.engine.system import console
from translate.progress import duration

if TYPE_CHECKING:
    from translate.results import InferenceResult

PROGRESS_SECONDS = 10.0
"""least time between two lines of progress"""
PROGRESS_FRACTION = 0.1
"""least time between two lines, as a fraction of the time so far: long jobs have short logs"""


@contextmanager
def show_progress(work: str, *, quiet: bool) -> Iterator[Callable[[InferenceResult], None]]:
    """Print log messages and the progress of `work`; yield the function that updates it."""
    from time import monotonic

    if quiet:
        yield lambda _: None
    elif console.has_bars():
        from rich.progress import Progress

        with Progress(console=console.rich_console(), transient=True) as bar:
            task = bar.add_task(work, total=None)

            def update_bar(counts: InferenceResult) -> None:
                processed = counts.requested - counts.remaining
                completed = processed + counts.current_fraction
                bar.update(task, total=counts.requested, completed=completed)

            def write(line: str) -> None:
                bar.console.print(
                    console.printable(line), markup=False, highlight=False, soft_wrap=True
                )

            with console.messages(write):
                yield update_bar
    else:
        start = last = monotonic()

        def print_line(counts: InferenceResult) -> None:
            nonlocal last
            now = monotonic()
            if now - last > max(PROGRESS_SECONDS, PROGRESS_FRACTION * (now - start)):
                last = now
                console.say(_line(counts, now - start))

        with console.messages():
            yield print_line


def _line(counts: InferenceResult, seconds: float) -> str:
    """Return a line such as ``38 of 100 images, 2 min left``, after `seconds` of work."""
    processed, current = counts.requested - counts.remaining, counts.current_fraction
    line = f"{processed} of {counts.requested} images"
    if current:
        line += f", {current:.0%} of image {processed + 1}"
    completed = counts.done + counts.listed + current  # outputs that were there take no time
    if completed:
        left = (counts.remaining - current) * seconds / completed
        line += f", {duration(left)} left"
    return line


def summary(counts: InferenceResult) -> str:
    """Return the last line of a command: the number of images by outcome."""
    where = f" in {counts.problems}" if counts.listed else ""
    left = f", {counts.remaining} not started" if counts.remaining else ""
    return (
        f"{counts.done} done, {counts.skipped} skipped (already there), "
        f"{counts.listed} listed{where}{left}"
    )
