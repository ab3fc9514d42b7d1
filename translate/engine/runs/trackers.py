"""The trackers of a run: created from the configuration, called in order, and always closed."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from translate.engine.config.parts import part_name
from translate.engine.config.schema import Config
from translate.engine.disk.records.problems import Problem
from translate.engine.plugins.errors import describe_unexpected
from translate.engine.processes.signals import reraise_interruption
from translate.engine.runs.problem_list import ProblemList
from translate.errors import ConfigError
from translate.registry import create
from translate.run import LogRecord, Run
from translate.trackers import Tracker


def create_trackers(config: Config) -> list[tuple[str, Tracker]]:
    """Return the trackers of ``train.trackers``, each with its name.

    Raises `ConfigError` for an unknown name or option.
    """
    trackers = []
    for part in config.train.trackers:
        try:
            trackers.append((part_name(part), create("tracker", part)))
        except ConfigError as error:
            raise ConfigError(f"train.trackers: {error}") from error
    return trackers


class RunTrackers:
    """Calls every tracker of a run; an exception of one tracker becomes a problem."""

    def __init__(self, trackers: Sequence[tuple[str, Tracker]], problems: ProblemList) -> None:
        self.trackers, self.problems = list(trackers), problems

    def start(self, run: Run, step: int) -> None:
        """Start all trackers; a tracker that fails is closed and gets no more calls."""
        for name, tracker in list(self.trackers):
            if not self._call(name, "start", tracker.start, run, step):
                self.trackers.remove((name, tracker))
                self._call(name, "close", tracker.close)

    def log(self, record: LogRecord) -> None:
        """Send a line of the log to all trackers."""
        for name, tracker in self.trackers:
            self._call(name, "log", tracker.log, record)

    def preview(self, step: int, path: Path) -> None:
        """Send the file of a preview to all trackers."""
        for name, tracker in self.trackers:
            self._call(name, "preview", tracker.preview, step, path)

    def finish(self, outcome: str) -> None:
        """Send the outcome of the session to all trackers and close them, also if interrupted."""
        with ExitStack() as closing:
            for name, tracker in self.trackers:
                closing.callback(self._call, name, "close", tracker.close)
            for name, tracker in self.trackers:
                self._call(name, "finish", tracker.finish, outcome)
        self.trackers.clear()

    def _call(self, name: str, stage: str, method: Callable[..., None], *arguments: object) -> bool:
        """Call a method of the tracker `name`; return whether it succeeded."""
        try:
            method(*arguments)
        except BaseException as error:
            reraise_interruption(error)
            reason = describe_unexpected(error, method)
            problem = Problem(Path(f"tracker {name}"), stage, "tracker failed", reason)
            self.problems.add_once([problem])
            return False
        return True
