"""Messages of a command over many images: its model, its progress and its result."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from translate.engine.system import console
from translate.progress import duration

if TYPE_CHECKING:
    from translate.results import InferenceResult

logger = logging.getLogger(__name__)

PROGRESS_SECONDS = 10.0
"""least time between two lines of progress, in seconds"""
PROGRESS_FRACTION = 0.1
"""least time between two lines, as a fraction of the time so far: long jobs have short logs"""


def report_model(run: Path, name: str, messages: Iterable[str]) -> None:
    """Log `messages` on checkpoints of `run`, and the name of its checkpoint that is used."""
    for message in messages:
        logger.info(message)
    if name != str(run):
        logger.info(f"{run}: using checkpoint {name}")


@contextmanager
def show_progress(work: str, *, quiet: bool) -> Iterator[Callable[[InferenceResult], None]]:
    """Print log messages and the progress of `work`: a bar on a terminal, lines elsewhere.

    Yields the function that updates the progress.
    """
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
        start = last_printed = monotonic()

        def print_line(counts: InferenceResult) -> None:
            nonlocal last_printed
            now = monotonic()
            if now - last_printed > max(PROGRESS_SECONDS, PROGRESS_FRACTION * (now - start)):
                last_printed = now
                console.say(_line(counts, now - start))

        with console.messages():
            yield print_line


def _line(counts: InferenceResult, seconds: float) -> str:
    """Return a line such as ``38 of 100 images, 2 min left``, after `seconds` of work."""
    processed, current = counts.requested - counts.remaining, counts.current_fraction
    line = f"{processed} of {counts.requested} images"
    if current:
        line += f", {current:.0%} of image {processed + 1}"
    completed = counts.done + counts.listed + current  # skipped images take no time
    if completed:
        seconds_left = (counts.remaining - current) * seconds / completed
        line += f", {duration(seconds_left)} left"
    return line


def summary(counts: InferenceResult) -> str:
    """Return the last line that a command prints: the number of images by outcome."""
    problems_file = f" in {counts.problems}" if counts.listed else ""
    not_started = f", {counts.remaining} not started" if counts.remaining else ""
    return (
        f"{counts.done} done, {counts.skipped} skipped (already there), "
        f"{counts.listed} listed{problems_file}{not_started}"
    )
