"""Trackers: where the log and the previews of a run go besides its folder, such as a dashboard."""

from pathlib import Path
from typing import Protocol

from translate.engine.disk import files
from translate.run import LogRecord, Run


class Tracker(Protocol):
    """Receives a training run while it happens.

    A plugin offers a tracker by the hook ``register_trackers`` as a class or function of its
    options, and ``train.trackers`` selects it. Its options are checked before the run folder is
    made. The constructor opens no file and no connection: `start` does.

    All methods are called on the first process, in the order of the run. What one raises is listed
    in ``problems.jsonl``, and training continues; a tracker that fails to start gets no more calls.
    """

    def start(self, run: Run, step: int) -> None:
        """Begin, or continue after a resume.

        Args:
            run: The run: its folder and its configuration.
            step: The step that training continues from; 0 for a new run. What was tracked of later
                steps did not happen: remove it.
        """

    def log(self, record: LogRecord) -> None:
        """Track a line of ``log.jsonl``; a loss may be NaN."""

    def preview(self, step: int, path: Path) -> None:
        """Track the preview of a step, a PNG file at `path`."""

    def finish(self, outcome: str) -> None:
        """Track how the session ended: ``finish``, ``stopped``, ``interrupted`` or ``failed``."""

    def close(self) -> None:
        """Write what is buffered and close everything.

        It is called once, however the session ends, and also where `start` has failed.
        """


def append_line(path: Path, line: str) -> None:
    """Append a line to a text file, which is created if it does not exist.

    Args:
        path: The file.
        line: The text, without a line break.
    """
    files.append_line(path, line)


def replace_text(path: Path, text: str) -> None:
    """Write a text file atomically: readers get the old text or the new one.

    Args:
        path: The file.
        text: The whole text.
    """
    files.replace(path, text.encode())
