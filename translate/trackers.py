"""Trackers: the interface of plugins that send logs and previews of runs to other programs."""

from pathlib import Path
from typing import Protocol

from translate.engine.disk import files
from translate.run import LogRecord, Run


class Tracker(Protocol):
    """Tracks a training run.

    A plugin registers it by the hook ``register_trackers``, as a class or function of its options,
    and ``train.trackers`` selects it. The constructor must not open files or connections; `start`
    does.

    All methods are called on the first process. An exception becomes a line of ``problems.jsonl``,
    and training continues; if `start` fails, the tracker gets no further calls.
    """

    def start(self, run: Run, step: int) -> None:
        """Start tracking, or continue after a resume.

        Args:
            run: The run: its folder and configuration.
            step: The step at which training starts; 0 for a new run. Remove what was tracked of
                later steps, which are trained again.
        """

    def log(self, record: LogRecord) -> None:
        """Track a line of ``log.jsonl``; a loss may be NaN."""

    def preview(self, step: int, path: Path) -> None:
        """Track the preview of a step, a PNG file at `path`."""

    def finish(self, outcome: str) -> None:
        """Track the end of training: ``finished``, ``stopped``, ``interrupted`` or ``failed``."""

    def close(self) -> None:
        """Write buffers, and close files and connections.

        It is always called once at the end, also if `start` has failed.
        """


def append_line(path: Path, line: str) -> None:
    """Append a line to a text file; create the file if it does not exist.

    Args:
        path: The file.
        line: The text, without a line break.
    """
    files.append_line(path, line)


def replace_text(path: Path, text: str) -> None:
    """Write a text file atomically: readers get the old text or the new one.

    Args:
        path: The file.
        text: The content.
    """
    files.replace(path, text.encode())
