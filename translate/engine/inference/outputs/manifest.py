"""The manifest of an output folder: the origin of each output, so that reruns skip it.

``OUT/.translate/done.jsonl`` has a record of each output, and ``OUT/problems.jsonl`` lists images
that were skipped, with reasons. Under torchrun, process N writes ``done-N.jsonl`` and
``problems-N.jsonl``; shard K of N writes ``done-K-of-N.jsonl`` and ``problems-K-of-N.jsonl``. All
records are read. Several processes may write into one folder at once: a record is durable before
its output is visible, so an output without a record comes from another program, model or option.
"""

import errno
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache, partial
from hashlib import file_digest, sha256
from io import BufferedRandom
from pathlib import Path
from typing import Any

from translate.engine.disk import files
from translate.engine.disk.records.problems import Problem
from translate.engine.inference.outputs.records import EVERY, DoneRecord, Records, read_records
from translate.engine.inference.outputs.shared_folder import (
    AnyOutput,
    Output,
    closing_lines,
    part_of_process,
    shared_folder,
)
from translate.engine.inference.outputs.stored_digests import StoredDigests
from translate.engine.inference.trust import map_path
from translate.engine.shards.shard import Shard
from translate.engine.storage.lookup import storage_of
from translate.engine.system.locations import parse_location
from translate.errors import ConfigError

HIDDEN = ".translate"
FOREIGN = "another program has written this file since the start"


class OutputManifest:
    """The records of one output folder, for one model and its options."""

    def __init__(
        self,
        out: Path,
        made_by: Mapping[str, Any],
        *,
        overwrite: bool = False,
        with_trust: bool = False,
        shard: Shard | None = None,
        part: str | None = None,
    ) -> None:
        """Create the manifest; nothing is written.

        Args:
            out: the output folder.
            made_by: the model and the options, as keys and values of a record.
            overwrite: whether outputs of other inputs, models or options may be replaced.
            with_trust: whether outputs whose trust was not measured are made again.
            shard: the part of the images that this process translates.
            part: suffix of the names of this process's files; by default that of its rank or shard.
        """
        self.storage, self.shard = storage_of(out), shard
        self.part = part_of_process(shard) if part is None else part
        self.out, self.made_by, self.overwrite = out, made_by, overwrite
        self.with_trust = with_trust
        self.recorded_notes: list[Problem] = []
        """notes in the records of outputs that `split` skipped"""
        self.digests = StoredDigests(out / HIDDEN, self.part)
        """known hashes of files in object stores"""
        self._done = self.storage.durable_lines(self.done)
        self._problems = self.storage.lines(self.problems)

    @contextmanager
    def open(self, todo: Sequence[Output] = ()) -> Iterator[None]:
        """Start to write the outputs of `todo`; raises `SaveError` if records cannot be written.

        Problems of earlier runs and partial files of killed processes are deleted.
        """
        folder = self.out / HIDDEN
        with (
            shared_folder(folder, self.shard, self.problems, todo),
            closing_lines(self._problems, self.problems),
        ):
            try:
                yield
            finally:
                with suppress(OSError):  # a rerun hashes these files again
                    self.digests.write()
            if limits := self.storage.limits(self.out):
                files.replace_json(folder / "file-system.json", {"file_system": limits})

    def split(
        self, work: Iterable[AnyOutput], digest: Callable[[AnyOutput], str | None]
    ) -> tuple[list[AnyOutput], int]:
        """Return the items without a verified output, and the number of verified outputs.

        `digest` returns the SHA-256 of an item's input, or None if it cannot be read. Raises
        `ConfigError` if an output exists from another input, model or options and may not be
        overwritten, or records cannot be read.
        """
        own = f"{self.done.stem}*.jsonl" if self.shard else EVERY  # faster than all shards
        made, made_since = self._read(own), cache(self._read)  # also of other processes
        self.digests.read(own=self.shard is not None)
        todo, others, done = list[AnyOutput](), list[Path](), 0
        listing = self.digests.listing(self.storage)
        for item in work:
            if not listing.exists(item.output):
                todo.append(item)
                continue
            origin = digest(item)
            find = partial(self._record, item, origin, self._known_sha256)
            record = find(made) or find(made_since())
            if record is None:
                todo.append(item)
                others.append(item.output)
            elif self.with_trust and not self._has_trust(item, record):
                todo.append(item)
            else:
                done += 1
                path = parse_location(item.origin)
                self.recorded_notes += [Problem(path, "read", "note", n) for n in record.notes]
        if others and not self.overwrite:
            more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
            raise ConfigError(
                f"{others[0]}{more} exists already, and was not made from this input with "
                "this model and these options: choose another folder, or add --overwrite."
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
        """Write an output after its record, unless another process has written it since the start.

        The record contains `notes`, which reruns list again, and the scores of `trust`; `trust_map`
        is written next to the output. Raises `OSError` if the output cannot be written, or another
        program has written it.
        """
        record = DoneRecord(
            output=self._name(work),
            output_sha256=sha256(data).hexdigest(),
            input_sha256=origin_sha256,
            notes=list(notes),
            trust=dict(trust) if trust else None,
            trust_map=trust_map is not None,
        )
        checks = self.storage.is_local or trust is not None  # object stores refuse to replace
        exists = checks and not self.overwrite and self.storage.exists(work.output)
        if exists:
            found = self._require_ours(work, record)
            if trust is None:
                return
            record = record.model_copy(update={"output_sha256": found.output_sha256})
        self._add(work, record)
        if trust_map is not None:
            self.storage.replace(map_path(work.output), trust_map)
        if exists:
            return
        new = not (self.overwrite or self.storage.is_local)
        try:
            stamp = self.storage.write_stamped(work.output, data, new=new)
        except FileExistsError:
            self._require_ours(work, record)
        else:
            self.digests.add_output(work.output, stamp, record.output_sha256)

    def _require_ours(self, work: Output, record: DoneRecord) -> DoneRecord:
        """Return the record of an output that exists; raises `FileExistsError` if it has none."""
        ours, origin = Records([record]), record.input_sha256
        find = partial(self._record, work, origin, self.storage.sha256)
        found = find(ours) or find(self._read())
        if found is None:
            raise FileExistsError(errno.EEXIST, FOREIGN)
        return found

    def write_with(
        self, work: Output, origin_sha256: str, write: Callable[[BufferedRandom], Sequence[str]]
    ) -> Sequence[str]:
        """Write an output with `write`, which returns notes for its record; raises `OSError`."""
        with self.storage.open_atomically(work.output, new=not self.overwrite) as file:
            notes = write(file)
            file.seek(0)
            record = DoneRecord(
                output=self._name(work),
                output_sha256=file_digest(file, "sha256").hexdigest(),
                input_sha256=origin_sha256,
                notes=list(notes),
            )
            if not self.overwrite and self.storage.exists(work.output):
                raise FileExistsError(errno.EEXIST, FOREIGN)
            self._add(work, record)
        self.digests.add_output(work.output, self.storage.stamp(work.output), record.output_sha256)
        return notes

    def _add(self, work: Output, record: DoneRecord) -> None:
        facts = record.model_dump(exclude_defaults=True)
        self._done.add({**facts, "input": work.origin, **self.made_by})

    def report(self, problem: Problem) -> None:
        """Add a line to ``problems.jsonl``."""
        self._problems.add(problem.record())

    @property
    def problems(self) -> Path:
        """The file that lists the images that this process skipped."""
        return self.out / f"problems{self.part}.jsonl"

    @property
    def done(self) -> Path:
        """The file of records of this process."""
        return self.out / HIDDEN / f"done{self.part}.jsonl"

    def _read(self, names: str = EVERY) -> Records:
        """Return the records of outputs of this model and these options."""
        return read_records(self.out / HIDDEN, self.made_by, names)

    def _known_sha256(self, path: Path) -> str | None:
        return self.digests.of((path,), lambda: self.storage.sha256(path))

    def _record(
        self,
        work: Output,
        origin: str | None,
        hash_file: Callable[[Path], str | None],
        made: Records,
    ) -> DoneRecord | None:
        """Return the record of `work`; None if there is none, or its output has changed."""
        if not made or origin is None:
            return None
        try:
            output = hash_file(work.output)
        except OSError:
            return None
        return made.find(self._name(work), origin, output) if output else None

    def _has_trust(self, work: Output, record: DoneRecord) -> bool:
        if record.trust is None:
            return False
        return not record.trust_map or self.storage.exists(map_path(work.output))

    def _name(self, work: Output) -> str:
        return work.output.relative_to(self.out).as_posix()
