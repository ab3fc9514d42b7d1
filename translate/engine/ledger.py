"""What a folder translation remembers, so that a rerun is free and honest.

``OUT/.translate/done.jsonl`` says what each output was made from, ``OUT/problems.jsonl`` what was
left out and why. Under torchrun process N has ``done-N.jsonl`` and ``problems-N.jsonl`` to itself,
and all records are read.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from translate.engine import files
from translate.engine.outputs import Job
from translate.engine.problems import Problem
from translate.errors import ConfigError

Records = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Ledger:
    """The records of one output folder."""

    out: Path
    made_by: Mapping[str, Any]
    """The model and the options of this run, as JSON has them."""

    def begin(self) -> None:
        """Forget the problems of earlier runs, and remove what a killed one left half written."""
        files.discard(self.problems)
        if int(os.environ.get("WORLD_SIZE", 1)) == 1:  # or it may be what another is writing
            for folder in {path.parent for path in self.out.rglob(f".*{files.PART}*")}:
                files.sweep(folder, "*")

    def split(self, jobs: Sequence[Job], *, overwrite: bool) -> tuple[list[Job], int]:
        """Return the jobs that are still to be done, and how many are done and verified.

        Raises `ConfigError` for an output that something else made, unless it may be overwritten.
        """
        there = [job for job in jobs if job.output.exists()]
        records = self._read() if there else {}
        done = {job for job in there if self._is_done(job, records)}
        others = [job.output for job in there if job not in done]
        if others and not overwrite:
            more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
            raise ConfigError(
                f"{others[0]}{more} is there already, and was not made from this input with this "
                "model and these options: choose another folder, or --overwrite."
            )
        return [job for job in jobs if job not in done], len(done)

    def write(self, job: Job, input_sha256: str, data: bytes) -> None:
        """Write `data`; its record goes first, so that no killed run leaves an output without."""
        record = {
            "output": self._name(job),
            "output_sha256": sha256(data).hexdigest(),
            "input": str(job.input),
            "input_sha256": input_sha256,
            **self.made_by,
        }
        files.append(self.out / ".translate" / f"done{_process()}.jsonl", record)
        files.replace(job.output, data)

    def report(self, problem: Problem) -> None:
        """Add a line to ``problems.jsonl``."""
        files.append(self.problems, problem.record())

    @property
    def problems(self) -> Path:
        """Where this process lists what it left out."""
        return self.out / f"problems{_process()}.jsonl"

    def _read(self) -> Records:
        records: dict[str, list[dict[str, Any]]] = {}
        for file in (self.out / ".translate").glob("done*.jsonl"):
            for record in files.read_lines(file):
                records.setdefault(str(record.get("output")), []).append(record)
        return records

    def _is_done(self, job: Job, records: Records) -> bool:
        claims = [
            (record.get("input_sha256"), record.get("output_sha256"))
            for record in records.get(self._name(job), ())
            if all(record.get(key) == value for key, value in self.made_by.items())
        ]
        try:
            return bool(claims) and tuple(map(_sha256, job)) in claims
        except OSError:
            return False

    def _name(self, job: Job) -> str:
        return job.output.relative_to(self.out).as_posix()


def _sha256(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _process() -> str:
    """Return what the names of this process's files end in."""
    rank = int(os.environ.get("RANK", 0))
    return f"-{rank}" if rank else ""
