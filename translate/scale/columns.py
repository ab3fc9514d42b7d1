"""Convert batches, which are mappings of columns, to rows with one image each, and back."""

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
"""columns of a batch by name: sequences of equal length, such as lists or NumPy arrays"""


@dataclass
class Row:
    """One image of a batch and its translation; `translate.scale` describes the columns."""

    path: Path
    data: bytes | None
    """content of the image file; None: the file at `path` is read"""
    output: str = ""
    """relative path of the output; empty: derived from `path`"""
    mask: Path | None = None
    """a mask image; its white pixels are the hole to fill. None: no mask"""
    frame: int | None = None
    """index of the frame or page; None: the first"""
    result: bytes = b""
    """content of the translated file"""
    problem: Problem | None = None
    """why the image was not translated, or not written"""
    notes: Sequence[Note] = ()
    input_sha256: str = ""
    """hash of the input file; empty before the translation"""
    made_by: str = ""
    """digest of the model and settings that made the output; empty before the translation"""


def read_rows(batch: Columns, required: Sequence[str] = ("path",)) -> list[Row]:
    """Return the rows of a batch of images to translate.

    Raises `ConfigError` if a column of `required` is missing, or if a column has values of a wrong
    type or not as many values as the column ``path``.
    """
    for name in required:
        if name not in batch:
            raise ConfigError(
                f"batch: there is no column {name!r}: got {', '.join(map(repr, batch))}. See: "
                "python -m pydoc translate.scale"
            )
    count = len(batch["path"])
    column_names = dict.fromkeys(("path", "bytes", "output", "mask", "frame", *required))
    columns = {name: list(batch[name]) for name in column_names if name in batch}
    for name, values in columns.items():
        if len(values) != count:
            raise ConfigError(
                f"batch: column 'path' has {count} values, and column {name!r} {len(values)}."
            )
    empty = [""] * count
    return [
        Row(
            path=parse_location(_require_text("path", path)),
            data=None if data is None else _require_bytes(data),
            output=_require_text("output", output),
            mask=parse_location(_require_text("mask", mask)) if mask else None,
            frame=_require_index(frame),
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
    """Return the rows of a batch that `translate.scale.Translate` has translated, with the results.

    Raises `ConfigError` as `read_rows` does.
    """
    rows = read_rows(batch, ("path", "output", "input_sha256", "made_by"))
    for index, row in enumerate(rows):
        row.result, row.data = row.data or b"", None  # now the column `bytes` has the output
        row.input_sha256, row.made_by = batch["input_sha256"][index], batch["made_by"][index]
        row.notes = [Note(*note) for note in json.loads(_text_of(batch, "notes", index) or "[]")]
        if message := _text_of(batch, "error", index):
            stage, reason = _text_of(batch, "stage", index), _text_of(batch, "reason", index)
            row.problem = Problem(row.path, stage, reason, message)
    return rows


def _text_of(batch: Columns, name: str, index: int) -> str:
    return str(batch[name][index]) if name in batch else ""


def to_columns(rows: Sequence[Row], *, seconds: float, made_by: str) -> dict[str, NDArray[Any]]:
    """Return the columns that `translate.scale.Translate` sets in a batch.

    `seconds` is the time for one row; `made_by` is the digest of the model and settings.
    """
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
    """Return an array of dtype object: NumPy's dtype for bytes would drop trailing zero bytes."""
    column = np.empty(len(values), object)
    column[:] = values
    return column


def _require_index(value: Any) -> int | None:
    """Return the index of a frame; None for -1, the default of the column."""
    if not isinstance(value, int | np.integer):
        raise ConfigError(
            f"batch: column 'frame': expected a whole number, got {short_repr(value)}."
        )
    return int(value) if value >= 0 else None


def _require_text(column: str, value: Any) -> str:
    if not isinstance(value, str | Path):
        raise ConfigError(f"batch: column {column!r}: expected text, got {short_repr(value)}.")
    return str(value)


def _require_bytes(value: Any) -> bytes:
    if isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim == 1:
        return value.tobytes()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise ConfigError(
        f"batch: column 'bytes': expected the content of an image file, got {short_repr(value)}."
    )
