"""Writes the run folder except checkpoints: log, previews, problems, ``run.json``."""

import logging
import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from translate.engine.checkpoints.state import TrainingState
from translate.engine.config import yaml_text
from translate.engine.data.check import CheckedData
from translate.engine.data.places import working_directory
from translate.engine.disk import file_system, files, folders, partial_files
from translate.engine.disk.records import json_files
from translate.engine.disk.records.problems import Problem
from translate.engine.plugins import discovery
from translate.engine.plugins.errors import describe_unexpected
from translate.engine.plugins.hook_calls import call_hook
from translate.engine.processes.signals import reraise_interruption
from translate.engine.runs import run_record
from translate.engine.runs.problem_list import ProblemList
from translate.engine.runs.trackers import RunTrackers
from translate.errors import CheckpointError, SaveError
from translate.images.contact_sheet import contact_sheet
from translate.images.encode import write_image
from translate.run import LogRecord, Run
from translate.trackers import Tracker

logger = logging.getLogger(__name__)


class RunWriter:
    """Writes the run folder, on the first process.

    If a log line or a preview cannot be written, a problem is listed and the run continues.

    Args:
        path: the run folder.
        training: the state of training.
        steps: the step at which training ends.
        trackers: trackers by name.
        directory: what relative paths refer to; empty for the working directory.
        origin: further entries of ``run.json``, about the run that the weights come from.
    """

    def __init__(
        self,
        path: Path,
        training: TrainingState,
        steps: int,
        *,
        trackers: Sequence[tuple[str, Tracker]] = (),
        directory: str = "",
        origin: Mapping[str, Any] | None = None,
    ) -> None:
        self.path, self.origin = path, origin or {}
        self.directory = directory or working_directory()
        self.stopped_by = ""
        """the setting or plugin that stopped the run; empty if none did"""
        self.problems = ProblemList(path)
        self.has_previews_file = False
        """whether this session has written ``previews.json``"""
        self.trackers = RunTrackers(trackers, self.problems)
        self.session: dict[str, Any] = {}
        """the entries of this session in ``run.json``"""
        self.run = Run(path, yaml_text.plain_values(training.config), steps)

    def begin(self, training: TrainingState, data: CheckedData) -> None:
        """Write ``config.yaml`` and ``run.json``; remove lines of the log after the current step.

        Raises `SaveError` if the files cannot be written.
        """
        try:
            self._begin(training, data)
        except OSError as error:
            raise SaveError(
                f"could not write to {error.filename2 or self.path}: {error.strerror or error}."
            ) from error
        for warning in data.warnings:
            logger.info(warning)
        self.problems.add_checked(data)
        for limit in file_system.unsupported_operations(self.path):
            logger.info(f"the file system of {self.path}: {limit}")
        try:
            self.notify("run_started")
            self.trackers.start(self.run, training.step)
        except BaseException:
            self.end("interrupted")
            raise

    def _begin(self, training: TrainingState, data: CheckedData) -> None:
        remove_partial_run_files(self.path)
        files.replace(self.path / "config.yaml", yaml_text.dump(training.config).encode())
        self.session = {**run_record.describe_session(training, data), **self.origin}
        self.session |= {"directory": self.directory}
        self.session |= {"earlier": self._earlier_sessions()} if training.step else {}
        self._write_session()
        self._truncate_log(training.step)

    def _truncate_log(self, step: int) -> None:
        """Remove log lines after `step`; if that fails, log the reason and continue."""
        log = self.path / "log.jsonl"
        if not os.path.lexists(log):
            return  # the first session
        try:
            end = json_files.end_of_last_record(log, lambda line: _is_up_to(line, step))
            if end < log.stat().st_size:
                files.truncate(log, end)
        except CheckpointError as error:
            logger.info(f"{error} Its lines after step {step} are kept.")
        except OSError as error:
            logger.info(f"{log}: {error.strerror}. Its lines after step {step} are kept.")

    def _earlier_sessions(self) -> list[dict[str, Any]]:
        try:
            return run_record.read_sessions(self.path)
        except CheckpointError as error:
            logger.info(f"{error} Its record of earlier sessions is lost.")
            return []

    def _write_session(self) -> None:
        limits = file_system.unsupported_operations(self.path)
        extra = {"file_system": limits} if limits else {}
        files.replace_json(self.path / "run.json", {**self.session, **extra})

    def data_change(self, data: CheckedData) -> str:
        """Return the difference between `data` and the data of the last session, or ""."""
        try:
            session = run_record.read_last_session(self.path)
        except CheckpointError:
            return ""  # `begin` logs it
        before, now = session.get("data") or {}, run_record.fingerprint(data)
        validation = before.get("validation"), now.get("validation")
        for name, old, new in ("data set", before, now), ("validation set", *validation):
            if not old or not new:
                continue  # one of the sessions has no such set
            if old["files"] != new["files"]:
                return f"the {name} has {new['files']} files, and had {old['files']}"
            if old["sha256"] != new["sha256"]:
                return f"the {name} has as many files as before, but other names or sizes"
        return ""

    def stop(self, reason: str, *, by: str) -> None:
        """Stop the run before its last step, and record why and by which setting or plugin."""
        self.run.stop(reason)
        self.stopped_by = self.stopped_by or by

    def end(self, outcome: str) -> None:
        """Complete ``run.json`` and close the trackers; failures are logged."""
        self.problems.note_lost_output()
        self.session |= {"ended": run_record.timestamp(), "outcome": outcome}
        if outcome == "stopped":
            self.session |= {"reason": self.run.stop_reason, "stopped_by": self.stopped_by}
        try:
            self._write_session()
        except OSError as error:
            logger.info(f"could not write {self.path / 'run.json'}: {error.strerror or error}")
        try:
            self.notify("run_finished", outcome=outcome)
        finally:
            self.trackers.finish(outcome)

    def log(self, record: LogRecord) -> None:
        """Add a line to ``log.jsonl``."""
        self.problems.note_lost_output()
        line = _nan_to_none(record.document())
        self._try_write("log", "log.jsonl", lambda path: files.append(path, line))
        self.notify("losses_logged", step=record.step, losses=record.losses, record=record)
        self.trackers.log(record)

    def preview(self, step: int, rows: Mapping[str, Tensor]) -> Path | None:
        """Write a contact sheet of `rows`, images (N, C, H, W) by title.

        Returns the path of the sheet; None if it cannot be written.
        """
        name = f"previews/step-{step:08d}.png"
        if self._try_write("preview", name, lambda path: write_image(path, contact_sheet(rows))):
            self.notify("preview_drawn", step=step, path=self.path / name)
            self.trackers.preview(step, self.path / name)
            return self.path / name
        return None

    def describe_previews(self, description: Mapping[str, Any]) -> None:
        """Write ``previews.json``, which names the rows of previews, once a session."""
        if not self.has_previews_file:
            self.has_previews_file = self._try_write(
                "preview", "previews.json", lambda path: files.replace_json(path, description)
            )

    def notify(self, event: str, **arguments: Any) -> None:
        """Call the hook `event` of every plugin; a failure becomes a problem."""
        for hook in getattr(discovery.load().hook, event).get_hookimpls():
            try:
                call_hook(hook, {"run": self.run, **arguments})
            except BaseException as error:
                reraise_interruption(error)
                reason = describe_unexpected(error, hook.function)
                plugin = Path(f"plugin {hook.plugin_name}")
                self.problems.add(Problem(plugin, event, "hook failed", reason))
            if self.run.stop_reason and not self.stopped_by:
                self.stopped_by = hook.plugin_name

    def _try_write(self, stage: str, name: str, write: Callable[[Path], None]) -> bool:
        """Let `write` write the file `name`; return whether it could."""
        try:
            write(self.path / name)
        except OSError as error:
            reason = error.strerror or str(error)
            self.problems.add(Problem(self.path / name, stage, "could not write", reason))
            return False
        return True


def _nan_to_none(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return `record` with None for NaN and infinity, which JSON does not have."""
    result: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, Mapping):
            result[key] = _nan_to_none(value)
        else:
            is_finite = not isinstance(value, float) or math.isfinite(value)
            result[key] = value if is_finite else None
    return result


def remove_partial_run_files(run: Path) -> None:
    """Delete partial files that a killed process has left in its run folder."""
    names = ("config.yaml", "run.json", "log.jsonl", "previews.json")
    partial_files.remove_partial_files(run, folders.PROBE, *names)
    partial_files.remove_partial_files(run / "previews")
    partial_files.remove_partial_files(run / "checkpoints")


def _is_up_to(line: Mapping[str, Any], step: int) -> bool:
    """Return whether a line of the log is of `step` or an earlier step."""
    value = line.get("step")
    return type(value) is int and 0 <= value <= step
