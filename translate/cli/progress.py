"""What a person sees of a long command: a bar on a terminal, plain lines elsewhere."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from translate.engine.loop import Report, Watcher, duration


class Lines(Watcher):
    """Plain lines, for pipes and logs."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def say(self, line: str) -> None:
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def progress(self, report: Report) -> None:
        losses = "  ".join(f"{name} {value:.3g}" for name, value in report.losses.items())
        self.say(f"step {report.step}/{report.steps}  {losses}  {facts(report)}")


class Bar(Lines):
    """A progress bar."""

    def __init__(self, console: Console, bar: Progress) -> None:
        super().__init__(console)
        self.bar = bar
        self.task = bar.add_task("", total=None, facts="", losses="")

    def step(self, step: int, steps: int) -> None:
        self.bar.update(self.task, completed=step, total=steps)

    def progress(self, report: Report) -> None:
        shown = list(report.losses.items())[:4]
        losses = "  ".join(f"{name.split('/')[-1]} {value:.3g}" for name, value in shown)
        self.bar.update(self.task, facts=facts(report), losses=losses)


@contextmanager
def spoken(watcher: Watcher) -> Iterator[Watcher]:
    """Let `watcher` say what plugins tell the logger ``translate``, from level INFO on."""
    logger, handler = logging.getLogger("translate"), logging.Handler()
    handler.emit = lambda record: watcher.say(record.getMessage())  # type: ignore[method-assign]
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield watcher
    finally:
        logger.removeHandler(handler)


def facts(report: Report) -> str:
    """Return speed, the share of it lost to waiting, and the time to the end."""
    return (
        f"{report.images_per_second:.3g} images/s, {report.data_wait:.0%} waiting for data, "
        f"{duration(report.seconds_left)} left"
    )


@contextmanager
def watch(*, quiet: bool) -> Iterator[Watcher]:
    """Return what shows a run on this terminal; only the first process of several speaks."""
    console = Console(no_color="NO_COLOR" in os.environ or None)
    if quiet or os.environ.get("RANK", "0") != "0":
        yield Watcher()
    elif not console.is_terminal:
        with spoken(Lines(console)) as watcher:
            yield watcher
    else:
        columns = ("{task.completed}/{task.total}", "{task.fields[facts]}", "{task.fields[losses]}")
        texts = [TextColumn(column) for column in columns]
        with (
            Progress(BarColumn(20), *texts, console=console) as bar,
            spoken(Bar(console, bar)) as watcher,
        ):
            yield watcher
