"""Conversion of batches from columns to rows, and back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.engine.disk.records.problems import Problem
from translate.engine.system.locations import parse_location
from translate.errors import ConfigError, short_repr
from translate.formats import Note

Columns = Mapping[str, Any]
"""sequences of equal length by name, such as lists or NumPy arrays"""


@dataclass
class Row:
    """One image of a batch, and its translation; see `translate.scale` for the fields."""

    path: Path
    data: bytes | None
    """the content of the file; None: it is read from `path`"""
    output: str = ""
    """the relative path of the output; empty: derived from `path`"""
    mask: Path | None = None
    frame: int | None = None
    result: bytes = b""
    problem: Problem | None = None
    notes: Sequence[Note] = ()
    input_sha256: str = ""
    made_by: str = ""


def read_rows(batch: Columns, required: Sequence[str] = ("path",)) -> list[Row]:
    """Return the rows of a batch of images to translate.

    Raises `ConfigError` if one of the columns `required` is missing, or a column has another length
    or values of a wrong type.
    """
    for name in required:
        if name not in batch:
            raise ConfigError(
                f"batch: there is no column {name!r}: got {', '.join(map(repr, batch))}. See: "
                "python -m pydoc translate.scale"
            )
    count = len(batch["path"])
    known = ("path", "bytes", "output", "mask", "frame", *required[1:])
    columns = {name: list(batch[name]) for name in known if name in batch}
    for name, values in columns.items():
        if len(values) != count:
            raise ConfigError(
                f"batch: column 'path' has {count} values, and column {name!r} {len(values)}."
            )
    empty = [""] * count
    return [
        Row(
            parse_location(_text("path", path)),
            None if data is None else _content(data),
            _text("output", output),
            parse_location(_text("mask", mask)) if mask else None,
            int(frame) if frame >= 0 else None,
        )
        for path, data, output, mask, frame in zip(
            columns["path"],
            columns.get("bytes", [None] * count),
            columns.get("output", empty),
            columns.get("mask", empty),
            columns.get("frame", [-1] * count),
            strict=True,
        )
    ]


def read_results(batch: Columns) -> list[Row]:
    """Return the rows of a translated batch, with results; raises `ConfigError` as `read_rows`."""
    rows = read_rows(batch, ("path", "output", "input_sha256", "made_by"))
    for index, row in enumerate(rows):
        row.result, row.data = row.data or b"", None
        row.input_sha256, row.made_by = batch["input_sha256"][index], batch["made_by"][index]
        row.notes = [Note(*note) for note in json.loads(_value(batch, "notes", index) or "[]")]
        if message := _value(batch, "error", index):
            stage, reason = _value(batch, "stage", index), _value(batch, "reason", index)
            row.problem = Problem(row.path, stage, reason, message)
    return rows


def _value(batch: Columns, name: str, index: int) -> str:
    return str(batch[name][index]) if name in batch else ""


def to_columns(rows: Sequence[Row], *, seconds: float, made_by: str) -> dict[str, NDArray[Any]]:
    """Return the columns of translated `rows`; `seconds` is the time for each."""
    return {
        "bytes": _objects([row.result for row in rows]),
        "output": _objects([row.output for row in rows]),
        **problem_columns(rows),
        "notes": _objects([json.dumps([tuple(note) for note in row.notes]) for row in rows]),
        "seconds": np.full(len(rows), seconds),
        "input_sha256": _objects([row.input_sha256 for row in rows]),
        "made_by": _objects([made_by for _ in rows]),
    }


def problem_columns(rows: Sequence[Row]) -> dict[str, NDArray[Any]]:
    """Return the columns ``error``, ``stage`` and ``reason``, empty for rows without a problem."""
    problems = [row.problem or Problem(row.path, "", "", "") for row in rows]
    return {
        "error": _objects([problem.message for problem in problems]),
        "stage": _objects([problem.stage for problem in problems]),
        "reason": _objects([problem.reason for problem in problems]),
    }


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    """Return an array of dtype object, as NumPy's dtype for bytes drops trailing zeros."""
    column = np.empty(len(values), object)
    column[:] = values
    return column


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str | Path):
        raise ConfigError(f"batch: column {name!r}: expected text, got {short_repr(value)}.")
    return str(value)


def _content(value: Any) -> bytes:
    if isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim == 1:
        return value.tobytes()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise ConfigError(
        f"batch: column 'bytes': expected the content of an image file, got {short_repr(value)}."
    )
