"""The records of an output folder: ``done.jsonl``, or ``done-N.jsonl`` of process N."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from hashlib import blake2b
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from translate.engine.disk.records import json_files
from translate.engine.storage.lookup import storage_of
from translate.engine.storage.object_lines import read_lines_of
from translate.errors import CheckpointError, ConfigError

RECORDS_FOLDER = ".translate"
"""the folder of records in an output folder"""
ALL_RECORDS = "done*.jsonl"
"""glob of the files of records of all processes"""
HUB_COMMIT = "hub"
"""key of the model's commit on the Hub; it is not compared, as the digest identifies the model"""


class DoneRecord(json_files.Record):
    """A line of ``done.jsonl``: an output, and the input that it was made from."""

    output: str
    output_sha256: str
    input_sha256: str
    notes: list[str] = []
    """information that was lost in reading the input"""
    trust: dict[str, float] | None = None
    """scores of trust; None if not measured"""
    trust_map: bool = False
    """whether a map of trust, ``NAME.trust.png``, is next to the output"""


class Records:
    """A set of records; of most of them, only a hash is in memory, as there may be millions."""

    def __init__(self, records: Iterable[DoneRecord] = ()) -> None:
        self._hashes, self._complete = set[bytes](), dict[bytes, DoneRecord]()
        for record in records:
            self.add(record)

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, record: DoneRecord) -> None:
        """Add a record.

        Of several records of the same output and the same hashes, the last one with `trust` is
        kept, or else the first one.
        """
        key = hash_of_texts(record.output, record.input_sha256, record.output_sha256)
        if record.trust or (record.notes and key not in self._hashes):
            self._complete[key] = record
        self._hashes.add(key)

    def find(self, output: str, input_sha256: str, output_sha256: str) -> DoneRecord | None:
        """Return the record with these fields; None if there is none."""
        key = hash_of_texts(output, input_sha256, output_sha256)
        if key not in self._hashes:
            return None
        return self._complete.get(key) or DoneRecord(
            output=output, output_sha256=output_sha256, input_sha256=input_sha256
        )


def hash_of_texts(*texts: str) -> bytes:
    """Return a hash of 16 bytes."""
    data = "\0".join(texts).encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=16).digest()


@dataclass(frozen=True)
class RecordedOutputs:
    """The outputs in a folder that one model has made with the same options."""

    out: Path
    made_by: Mapping[str, Any]
    """the model's digest and the options, as keys and values of each record"""

    def name(self, output: Path) -> str:
        """Return the path of an output relative to the folder, as in its record."""
        return output.relative_to(self.out).as_posix()

    def read(self, names: str = ALL_RECORDS) -> Records:
        """Return the records in files with names that match a glob; raises `ConfigError`."""
        records, storage, folder = Records(), storage_of(self.out), self.out / RECORDS_FOLDER
        compared = {key: value for key, value in self.made_by.items() if key != HUB_COMMIT}
        try:
            files = [folder / name for name in storage.names(folder) if fnmatch(name, names)]
            for line in read_lines_of(storage, files):
                if any(line.get(key) != value for key, value in compared.items()):
                    continue
                with suppress(ValidationError):  # a damaged line: its output is computed again
                    records.add(DoneRecord.model_validate(line))
        except CheckpointError as error:
            raise ConfigError(
                f"{error} Outputs cannot be verified: repair it, or choose another folder."
            ) from error
        return records

    def find(
        self,
        output: Path,
        input_sha256: str | None,
        hash_file: Callable[[Path], str | None],
        *reads: Callable[[], Records],
    ) -> DoneRecord | None:
        """Return the record of an output; None without a record, or if a file has changed since.

        Args:
            output: an output that exists.
            input_sha256: hash of its input; None if the input cannot be read.
            hash_file: returns the hash of a file, or raises `OSError`.
            reads: functions that return records, called in this order until one has the record.
        """
        if input_sha256 is None:
            return None
        name = self.name(output)
        for records in (read() for read in reads):
            with suppress(OSError):
                digest = hash_file(output) if records else None
                if digest and (record := records.find(name, input_sha256, digest)):
                    return record
        return None
