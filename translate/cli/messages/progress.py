"""Progress over many images: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from translate.engine.system import console

if TYPE_CHECKING:
    from translate.results import InferenceResult

PROGRESS_SECONDS = 10.0
"""seconds between two lines of progress"""


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
        last = monotonic()

        def print_line(counts: InferenceResult) -> None:
            nonlocal last
            if monotonic() - last > PROGRESS_SECONDS:
                last = monotonic()
                processed, current = counts.requested - counts.remaining, counts.current_fraction
                partial = f", {current:.0%} of the next" if current else ""
                console.say(f"{processed} of {counts.requested}{partial}")

        with console.messages():
            yield print_line


def summary(counts: InferenceResult) -> str:
    """Return the last line of a command: the number of images by outcome."""
    where = f" in {counts.problems}" if counts.listed else ""
    left = f", {counts.remaining} not started" if counts.remaining else ""
    return (
        f"{counts.done} done, {counts.skipped} skipped (already there), "
        f"{counts.listed} listed{where}{left}"
    )
