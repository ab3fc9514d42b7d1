"""The records of an output folder: ``done.jsonl``, or ``done-N.jsonl`` of process N."""

import os
from collections.abc import Mapping
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from translate.engine.disk import json_files
from translate.errors import CheckpointError, ConfigError


class DoneRecord(json_files.Record):
    """A line of ``done.jsonl``: an output, and the input that it was made from."""

    output: str
    output_sha256: str
    input_sha256: str
    notes: list[str] = []
    """what was lost in reading the input"""
    trust: dict[str, float] | None = None
    """measures of how far the output can be trusted; None if not measured"""
    trust_map: bool = False
    """whether an image of doubtful pixels, ``NAME.trust.png``, is next to the output"""


SOURCE = "hub"
"""the key of a record for the commit on the Hub that the model is from, which is not compared: its
digest is"""

Records = Mapping[str, Mapping[tuple[str, str], DoneRecord]]
"""``records[output, below the folder][sha256 of the input, sha256 of the output]``"""


def read_records(folder: Path, made_by: Mapping[str, Any]) -> Records:
    """Return the records in a folder.

    Of several records with equal hashes, the last with `trust` counts, else the first.

    Args:
        folder: The folder of records, ``OUT/.translate``.
        made_by: Keys and values that a record must have: the model's digest and the options.

    Raises:
        ConfigError: The records cannot be read.
    """
    records: dict[str, dict[tuple[str, str], DoneRecord]] = {}
    compared = {key: value for key, value in made_by.items() if key != SOURCE}
    try:
        for file in _record_files(folder):
            for line in json_files.iterate_lines(file):
                if any(line.get(key) != compared[key] for key in compared):
                    continue
                with suppress(ValidationError):  # a damaged line: its output is made again
                    record = DoneRecord.model_validate(line)
                    by_hashes = records.setdefault(record.output, {})
                    hashes = record.input_sha256, record.output_sha256
                    if record.trust or hashes not in by_hashes:
                        by_hashes[hashes] = record
    except CheckpointError as error:
        raise ConfigError(
            f"{error} Outputs cannot be verified: repair it, or choose another folder."
        ) from error
    return records


def _record_files(folder: Path) -> list[Path]:
    """Return the files of records in `folder`; raises `CheckpointError` if it is unreadable."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - it raises, unlike glob
    except FileNotFoundError:
        return []
    except OSError as error:
        raise CheckpointError(f"{folder} cannot be read: {error.strerror or error}.") from error
    return [folder / name for name in names if fnmatch(name, "done*.jsonl")]
