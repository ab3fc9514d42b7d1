"""What a person sees of many pictures being made: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from translate.engine.system import console

if TYPE_CHECKING:
    from translate.results import InferenceResult

FORMATS = ("png", "jpg", "webp", "tif", "bmp", "ppm")
QUIET_SECONDS = 10.0
"""between two plain lines of progress"""


class Shown(NamedTuple):
    """What a person sees."""

    say: Callable[[str], None]
    progress: Callable[[InferenceResult], None]


@contextmanager
def counted(work: str, *, quiet: bool) -> Iterator[Shown]:
    """Show how far `work` is."""
    from time import monotonic

    if quiet:
        from translate.engine.inference.folder import nothing

        yield Shown(nothing, nothing)
    elif console.has_bars():
        from rich.progress import Progress

        with Progress(console=console.rich_console(), transient=True) as bar:
            task = bar.add_task(work, total=None)

            def move(summary: InferenceResult) -> None:
                bar.update(task, total=summary.inputs, completed=summary.inputs - summary.left)

            def say(line: str) -> None:
                bar.console.print(
                    console.printable(line), markup=False, highlight=False, soft_wrap=True
                )

            yield Shown(say, move)
    else:
        last = monotonic()

        def tell(summary: InferenceResult) -> None:
            nonlocal last
            if monotonic() - last > QUIET_SECONDS:
                last = monotonic()
                console.say(f"{summary.inputs - summary.left} of {summary.inputs}")

        yield Shown(console.say, tell)


def told(summary: InferenceResult) -> str:
    """Return the last line: nothing is lost, and all is accounted for."""
    where = f" in {summary.problems}" if summary.listed else ""
    left = f", {summary.left} not begun" if summary.left else ""
    return (
        f"{summary.done} done, {summary.skipped} skipped (already there), "
        f"{summary.listed} listed{where}{left}"
    )
