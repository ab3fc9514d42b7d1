"""The manifest of an output folder: from what each output was made, so that reruns skip outputs.

``OUT/.translate/done.jsonl`` has a record of each output, and ``OUT/problems.jsonl`` lists images
that were skipped, with reasons. Under torchrun, process N writes ``done-N.jsonl`` and
``problems-N.jsonl``; shard K of N writes ``done-K-of-N.jsonl`` and ``problems-K-of-N.jsonl``. All
records are read. Several processes may write to one folder at once: a record is durable before its
output is visible, so an output without a record comes from another program, model or option.
"""

import errno
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import file_digest, sha256
from io import BufferedRandom
from pathlib import Path
from typing import Any

from translate.engine.disk import files
from translate.engine.disk.records.problems import Problem
from translate.engine.inference.outputs.destinations import EncodedOutput
from translate.engine.inference.outputs.records import (
    RECORDS_FOLDER,
    DoneRecord,
    RecordedOutputs,
    Records,
)
from translate.engine.inference.outputs.shared_folder import (
    Output,
    closing_lines,
    shared_folder,
    suffix_of_process,
)
from translate.engine.inference.outputs.stored_digests import StoredDigests
from translate.engine.inference.trust import map_path
from translate.engine.shards.shard import Shard
from translate.engine.storage.lookup import storage_of

FOREIGN_FILE = "another program has written this file since the start"


class OutputManifest:
    """Writes the outputs, records and problems of one model and its options to a folder."""

    def __init__(
        self,
        out: Path,
        made_by: Mapping[str, Any],
        *,
        overwrite: bool = False,
        shard: Shard | None = None,
        suffix: str | None = None,
    ) -> None:
        """Create the manifest; nothing is written.

        Args:
            out: the output folder.
            made_by: the model and the options, as keys and values of a record.
            overwrite: whether outputs of other inputs, models or options may be replaced.
            shard: the part of the images that this process translates.
            suffix: what names of this process's files end with; default: its rank or shard.
        """
        suffix = suffix_of_process(shard) if suffix is None else suffix
        self.out, self.overwrite, self.shard, self.storage = out, overwrite, shard, storage_of(out)
        self.problems = out / f"problems{suffix}.jsonl"
        """the file that lists the images that this process skipped"""
        self.done = out / RECORDS_FOLDER / f"done{suffix}.jsonl"
        """the file of records of this process"""
        self.recorded_outputs = RecordedOutputs(out, made_by)
        self.digests = StoredDigests(out / RECORDS_FOLDER, suffix)
        """known hashes of files in object stores"""
        self._done = self.storage.durable_lines(self.done)
        self._problems = self.storage.lines(self.problems)

    @contextmanager
    def open(self, todo: Sequence[Output] = ()) -> Iterator[None]:
        """Start to write the outputs of `todo`; raises `SaveError` if records cannot be written.

        Problems of earlier runs and partial files of killed processes are deleted.
        """
        folder = self.out / RECORDS_FOLDER
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

    def add_problem(self, problem: Problem) -> None:
        """Add a line to ``problems.jsonl``."""
        self._problems.add(problem.record())

    def write(self, work: Output, output: EncodedOutput) -> None:
        """Write an output after its record, unless another process has written it since the start.

        If the output exists, only its trust is recorded. Raises `OSError` if the output cannot be
        written, or another program has written it.
        """
        record = DoneRecord(
            output=self.recorded_outputs.name(work.output),
            output_sha256=sha256(output.data).hexdigest(),
            input_sha256=output.input_sha256,
            notes=list(output.notes),
            trust=dict(output.trust) if output.trust else None,
            trust_map=output.trust_map is not None,
        )
        has_trust, replaces = output.trust is not None, self.overwrite or self.storage.is_local
        # object stores refuse to replace an output
        checks = not self.overwrite and (has_trust or self.storage.is_local)
        if checks and self.storage.exists(work.output):
            existing = self._require_ours(work, record).output_sha256
            if has_trust:
                record = record.model_copy(update={"output_sha256": existing})
                self._add(work, record, output.trust_map)
            return
        self._add(work, record, output.trust_map)
        try:
            stamp = self.storage.write(work.output, output.data, new=not replaces)
        except FileExistsError:
            self._require_ours(work, record)
        else:
            self.digests.add_output(work.output, stamp, record.output_sha256)

    def write_with(
        self, work: Output, input_sha256: str, write: Callable[[BufferedRandom], Sequence[str]]
    ) -> None:
        """Write an output with `write`, which returns notes for its record; raises `OSError`."""
        with self.storage.open_atomically(work.output, new=not self.overwrite) as file:
            notes = write(file)
            file.seek(0)
            record = DoneRecord(
                output=self.recorded_outputs.name(work.output),
                output_sha256=file_digest(file, "sha256").hexdigest(),
                input_sha256=input_sha256,
                notes=list(notes),
            )
            if not self.overwrite and self.storage.exists(work.output):
                raise FileExistsError(errno.EEXIST, FOREIGN_FILE)
            self._add(work, record)
        self.digests.add_output(work.output, self.storage.stamp(work.output), record.output_sha256)

    def _add(self, work: Output, record: DoneRecord, trust_map: bytes | None = None) -> None:
        """Write the record of an output, then its map."""
        facts = record.model_dump(exclude_defaults=True)
        self._done.add({**facts, "input": work.origin, **self.recorded_outputs.made_by})
        if trust_map is not None:
            self.storage.replace(map_path(work.output), trust_map)

    def _require_ours(self, work: Output, record: DoneRecord) -> DoneRecord:
        """Return the record of an output that exists; raises `FileExistsError` if it has none."""
        reads = lambda: Records([record]), self.recorded_outputs.read
        ours = self.recorded_outputs.find(
            work.output, record.input_sha256, self.storage.sha256, *reads
        )
        if ours is None:
            raise FileExistsError(errno.EEXIST, FOREIGN_FILE)
        return ours
