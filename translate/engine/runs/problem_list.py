"""The problems of a run: ``problems.jsonl``, and the number of problems in this session."""

import json
import logging
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from translate.engine.data.check import CheckedData
from translate.engine.disk import files
from translate.engine.disk.records import json_files
from translate.engine.disk.records.problems import Problem
from translate.engine.processes import distributed
from translate.engine.system import console
from translate.errors import CheckpointError

LABELS = {"unreadable": "skipped"}
"""words for reasons in messages; other reasons are printed unchanged"""

logger = logging.getLogger(__name__)


def gather_problems(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems of all processes, on the first process; [] on the others."""
    gathered = distributed.gather_bytes(json.dumps([p.record() for p in problems]).encode())
    return [
        Problem(**{**record, "path": Path(record["path"])})
        for data in gathered
        for record in json.loads(data)
    ]


class ProblemList:
    """Adds lines to ``problems.jsonl``; if it cannot be written, the run continues."""

    def __init__(self, run: Path) -> None:
        self.path = run / "problems.jsonl"
        self.count = 0
        """number of problems in this session"""
        self._added: set[Problem] = set()

    def add(self, problem: Problem) -> None:
        """Count a problem, log it and list it."""
        self.count += 1
        label = LABELS.get(problem.reason, problem.reason)
        logger.info(f"{label}: {problem.path}: {problem.message}")
        self._write(problem)

    def add_once(self, problems: Iterable[Problem]) -> None:
        """Add problems that are not added yet, as several processes may report the same."""
        for problem in problems:
            if problem not in self._added:
                self._added.add(problem)
                self.add(problem)

    def add_checked(self, data: CheckedData) -> None:
        """Add the problems and notes of `data` that earlier sessions have not listed."""
        already_listed = self._listed_before([*data.problems, *data.notes])
        for problem in data.problems:
            if problem in already_listed:
                self.count += 1
            else:
                self.add(problem)
        for note in data.notes:
            if note not in already_listed and not self._write(note):
                break  # the failure is logged

    def note_lost_output(self) -> None:
        """Add a note if lines could not be printed; a note is not counted as a problem."""
        if reason := console.take_loss():
            note = Problem(Path("standard output"), "print", "note", reason)
            with suppress(OSError):  # a full disk may be why printing failed
                files.append(self.path, note.record())

    def _listed_before(self, problems: Iterable[Problem]) -> set[Problem]:
        """Return the problems that earlier sessions have listed."""
        by_line = {json.dumps(problem.record()): problem for problem in problems}
        result = set[Problem]()
        try:
            for record in json_files.iterate_lines(self.path) if by_line else ():
                if problem := by_line.get(json.dumps(record)):
                    result.add(problem)
        except CheckpointError as error:
            logger.info(f"{error} What earlier sessions listed is listed again.")
        return result

    def _write(self, problem: Problem) -> bool:
        try:
            files.append(self.path, problem.record())
        except OSError as error:
            logger.info(f"could not write {self.path}: {error.strerror}")
            return False
        return True
