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
    """A line of ``done.jsonl``: an output and its origin."""

    output: str
    output_sha256: str
    input_sha256: str
    notes: list[str] = []
    """information that the input lost when it was read"""
    trust: dict[str, float] | None = None
    """scores of the output, if they were measured"""
    trust_map: bool = False
    """whether there is a map next to the output"""


Records = Mapping[str, Mapping[tuple[str, str], DoneRecord]]
"""records by the sha256 of origin and output, by the output's name below the folder"""


def read_records(folder: Path, made_by: Mapping[str, Any]) -> Records:
    """Return the records in `folder` of outputs that a model made with some options.

    Of two records of one output, one with `trust` counts, else the last. Raises `ConfigError` if
    they cannot be read.
    """
    made: dict[str, dict[tuple[str, str], DoneRecord]] = {}
    try:
        for file in _listed(folder):
            for line in json_files.iterate_lines(file):
                if any(line.get(key) != value for key, value in made_by.items()):
                    continue
                with suppress(ValidationError):  # a damaged line: its output is made again
                    record = DoneRecord.model_validate(line)
                    claims = made.setdefault(record.output, {})
                    claim = record.input_sha256, record.output_sha256
                    if record.trust or claim not in claims:
                        claims[claim] = record
    except CheckpointError as error:
        raise ConfigError(
            f"{error} Outputs cannot be verified: repair it, or choose another folder."
        ) from error
    return made


def _listed(folder: Path) -> list[Path]:
    """Return the files of records in `folder`; raises `CheckpointError` if it is unreadable."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - which says what glob passes over
    except FileNotFoundError:
        return []
    except OSError as error:
        raise CheckpointError(f"{folder} cannot be read: {error.strerror or error}.") from error
    return [folder / name for name in names if fnmatch(name, "done*.jsonl")]
