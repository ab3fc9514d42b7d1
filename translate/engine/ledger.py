"""What an output folder remembers of its pictures, so that a rerun is free and honest.

``OUT/.translate/done.jsonl`` says what each output was made from, ``OUT/problems.jsonl`` what was
left out and why. Under torchrun process N has ``done-N.jsonl`` and ``problems-N.jsonl`` to itself,
and all records are read.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, TypeVar

from translate.engine import files
from translate.engine.problems import Problem
from translate.errors import ConfigError


class Work(Protocol):
    """One picture to make."""

    @property
    def output(self) -> Path: ...

    @property
    def origin(self) -> str:
        """What it is made from, as a record says it."""

    def origin_sha256(self) -> str:
        """Return the sha256 of what it is made from; raises `OSError`."""


AnyWork = TypeVar("AnyWork", bound=Work)
Records = Mapping[str, set[tuple[str, str]]]
"""The sha256 of origin and output, by the output's name below the folder."""


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

    def split(self, work: Iterable[AnyWork], *, overwrite: bool) -> tuple[list[AnyWork], int]:
        """Return what is still to be done, and how much is done and verified.

        Raises `ConfigError` for an output that something else made, unless it may be overwritten.
        """
        records = self._read()
        todo, others, done = list[AnyWork](), list[Path](), 0
        for item in work:
            if not item.output.exists():
                todo.append(item)
            elif self._is_done(item, records):
                done += 1
            else:
                todo.append(item)
                others.append(item.output)
        if others and not overwrite:
            more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
            raise ConfigError(
                f"{others[0]}{more} is there already, and was not made from this input with this "
                "model and these options: choose another folder, or --overwrite."
            )
        return todo, done

    def write(self, work: Work, origin_sha256: str, data: bytes) -> None:
        """Write `data`; its record goes first, so that no killed run leaves an output without."""
        record = {
            "output": self._name(work),
            "output_sha256": sha256(data).hexdigest(),
            "input": work.origin,
            "input_sha256": origin_sha256,
            **self.made_by,
        }
        files.append(self.out / ".translate" / f"done{_process()}.jsonl", record)
        files.replace(work.output, data)

    def report(self, problem: Problem) -> None:
        """Add a line to ``problems.jsonl``."""
        files.append(self.problems, problem.record())

    @property
    def problems(self) -> Path:
        """Where this process lists what it left out."""
        return self.out / f"problems{_process()}.jsonl"

    def _read(self) -> Records:
        """Return the records of what this very model made with these very options."""
        records: dict[str, set[tuple[str, str]]] = {}
        for file in (self.out / ".translate").glob("done*.jsonl"):
            for record in files.each_line(file):
                if all(record.get(key) == value for key, value in self.made_by.items()):
                    claim = str(record.get("input_sha256")), str(record.get("output_sha256"))
                    records.setdefault(str(record.get("output")), set()).add(claim)
        return records

    def _is_done(self, work: Work, records: Records) -> bool:
        claims = records.get(self._name(work), ())
        try:
            return bool(claims) and (work.origin_sha256(), _sha256(work.output)) in claims
        except OSError:
            return False

    def _name(self, work: Work) -> str:
        return work.output.relative_to(self.out).as_posix()


def _sha256(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _process() -> str:
    """Return what the names of this process's files end in."""
    rank = int(os.environ.get("RANK", 0))
    return f"-{rank}" if rank else ""
