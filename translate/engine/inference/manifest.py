"""The manifest of an output folder: what each file was made from, so that a rerun skips it.

``OUT/.translate/done.jsonl`` records the origin of each output, ``OUT/problems.jsonl`` lists what
was skipped and why. Under torchrun process N writes ``done-N.jsonl`` and ``problems-N.jsonl``, and
all records are read. Several processes may write into one folder at once: a record is durable
before its output is visible, so that an output without a record was made by something else.
"""

import errno
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from hashlib import file_digest, sha256
from io import BufferedRandom
from pathlib import Path
from typing import Any, Protocol, TypeVar

from translate.engine.disk import file_system, files, folders, json_files, locks, partial_files
from translate.engine.disk.durable_lines import DurableLines
from translate.engine.disk.problems import Problem
from translate.engine.inference.records import DoneRecord, Records, read_records
from translate.engine.inference.trust import map_path
from translate.engine.processes.launch import read_launch
from translate.errors import ConfigError

HIDDEN = ".translate"
DAY = 24 * 3600.0
"""seconds after which a temporary file belongs to no running process, where locks cannot tell"""


class Output(Protocol):
    """One image to make."""

    @property
    def output(self) -> Path:
        """The output file."""

    @property
    def origin(self) -> str:
        """The name of its input in the record."""


AnyOutput = TypeVar("AnyOutput", bound=Output)


class OutputManifest:
    """The records of one output folder, of outputs that one model makes with some options."""

    def __init__(
        self,
        out: Path,
        made_by: Mapping[str, Any],
        *,
        overwrite: bool = False,
        with_trust: bool = False,
        part: str | None = None,
    ) -> None:
        """Make a manifest.

        Args:
            out: the output folder.
            made_by: the model and the options, as JSON has them.
            overwrite: whether outputs that something else made may be replaced.
            with_trust: whether outputs without a measured trust are still to be done.
            part: what the names of this process's files end with; by default that of torchrun.
        """
        self.out, self.made_by, self.overwrite = out, made_by, overwrite
        self.with_trust, self.part = with_trust, _part_of_process() if part is None else part
        self.recorded_notes: list[Problem] = []
        """what was lost of inputs whose outputs `split` has found done, from their records"""
        self._done = DurableLines(self.done)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Begin to write: delete the problems of earlier runs, and what a killed one left.

        Raises `SaveError` if the folder's own files cannot be written.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(locks.share_lock(self.out / HIDDEN / "lock", self._begin))
            except OSError as error:
                raise folders.unwritable(Path(error.filename or self.out), error) from error
            yield
            if limits := file_system.unsupported_operations(self.out):
                path = self.out / HIDDEN / "file-system.json"
                files.replace_json(path, {"file_system": limits})

    def _begin(self, alone: bool | None) -> None:
        """Prepare the folder, knowing whether no other process writes into it; None: not known."""
        together = not read_launch().is_single
        if alone is not False or together:
            files.discard(self.problems)
        if alone is not False:
            certain = alone and not together
            partial_files.remove_old_partial_files(self.out, older=0 if certain else DAY)

    def split(
        self, work: Iterable[AnyOutput], digest: Callable[[AnyOutput], str | None]
    ) -> tuple[list[AnyOutput], int]:
        """Return what is still to be done, and how many outputs are done and verified.

        `digest` returns the sha256 of an origin; None if it cannot be read. Raises `ConfigError`
        for an output that something else made, unless it may be overwritten, and where the records
        cannot be read.
        """
        made, made_since = self._read(), cache(self._read)  # by another process
        todo, others, done = list[AnyOutput](), list[Path](), 0
        for item in work:
            if not _exists(item.output):
                todo.append(item)
                continue
            origin = digest(item)
            record = self._record(item, origin, made) or self._record(item, origin, made_since())
            if record is None:
                todo.append(item)
                others.append(item.output)
            elif self.with_trust and not _has_trust(item, record):
                todo.append(item)
            else:
                done += 1
                self.recorded_notes += [
                    Problem(Path(item.origin), "read", "note", n) for n in record.notes
                ]
        if others and not self.overwrite:
            more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
            raise ConfigError(
                f"{others[0]}{more} exists already, and was not made from this input with "
                "this model and these options: choose another folder, or --overwrite."
            )
        return todo, done

    def write(
        self,
        work: Output,
        origin_sha256: str,
        data: bytes,
        notes: Sequence[str] = (),
        trust: Mapping[str, float] | None = None,
        trust_map: bytes | None = None,
    ) -> None:
        """Write `data`, unless another process has meanwhile; its record is made durable first.

        The record keeps `notes` on what the input lost, for a rerun that lists them again, and the
        scores of `trust`; its map is written next to the output.

        Raises `OSError`, also where another program has put a file there.
        """
        record = DoneRecord(
            output=self._name(work),
            output_sha256=sha256(data).hexdigest(),
            input_sha256=origin_sha256,
            notes=list(notes),
            trust=dict(trust) if trust else None,
            trust_map=trust_map is not None,
        )
        exists = not self.overwrite and _exists(work.output)
        if exists:
            ours = {record.output: {(origin_sha256, record.output_sha256): record}}
            found = self._record(work, origin_sha256, ours)
            found = found or self._record(work, origin_sha256, self._read())
            if found is None:
                raise FileExistsError(
                    errno.EEXIST, "another program has written this file meanwhile"
                )
            if trust is None:
                return
            record = record.model_copy(update={"output_sha256": found.output_sha256})
        self._add(work, record)
        if trust_map is not None:
            files.replace(map_path(work.output), trust_map)
        if not exists:
            files.replace(work.output, data)

    def write_with(
        self, work: Output, origin_sha256: str, write: Callable[[BufferedRandom], Sequence[str]]
    ) -> Sequence[str]:
        """Write an output by `write`, which returns notes for its record; raises `OSError`."""
        with files.staged(work.output) as file:
            notes = write(file)
            file.seek(0)
            record = DoneRecord(
                output=self._name(work),
                output_sha256=file_digest(file, "sha256").hexdigest(),
                input_sha256=origin_sha256,
                notes=list(notes),
            )
            if not self.overwrite and _exists(work.output):
                raise FileExistsError(
                    errno.EEXIST, "another program has written this file meanwhile"
                )
            self._add(work, record)
        return notes

    def _add(self, work: Output, record: DoneRecord) -> None:
        facts = record.model_dump(exclude_defaults=True)
        self._done.add({**facts, "input": work.origin, **self.made_by})

    def report(self, problem: Problem) -> None:
        """Add a line to ``problems.jsonl``."""
        files.append(self.problems, problem.record())

    @property
    def problems(self) -> Path:
        """The list of images that this process skipped."""
        return self.out / f"problems{self.part}.jsonl"

    @property
    def done(self) -> Path:
        """The records of outputs that this process makes."""
        return self.out / HIDDEN / f"done{self.part}.jsonl"

    def _read(self) -> Records:
        """Return the records of outputs that this model made with these options."""
        return read_records(self.out / HIDDEN, self.made_by)

    def _record(self, work: Output, origin: str | None, made: Records) -> DoneRecord | None:
        """Return the record of `work`; None if it is not done, or its output has changed."""
        claims = made.get(self._name(work))
        if not claims or origin is None:
            return None
        try:
            return claims.get((origin, _sha256(work.output)))
        except OSError:
            return None

    def _name(self, work: Output) -> str:
        return work.output.relative_to(self.out).as_posix()


def _has_trust(work: Output, record: DoneRecord) -> bool:
    return record.trust is not None and (not record.trust_map or _exists(map_path(work.output)))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False  # too long a name, or a folder without rights: it is listed when written


def _sha256(path: Path) -> str:
    with json_files.open_regular(path) as file:
        return file_digest(file, "sha256").hexdigest()


def _part_of_process() -> str:
    """Return what the names of the files of this process of torchrun end with."""
    rank = read_launch().rank
    return f"-{rank}" if rank else ""
