"""Read JSON documents and JSON lines, validated as untrusted input.

Only regular files are read, within limits of size and nesting. Symbolic links to such files are
followed, since caches of downloaded models consist of links.
"""

import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from translate.engine.system.signatures import validation_message
from translate.errors import CheckpointError, printable_name

MAX_DOCUMENT_BYTES = 64 << 20
"""maximum size of a document"""
MAX_LINE_BYTES = 1 << 20
"""maximum length of a line; longer lines are skipped"""
MAX_DEPTH = 64
"""maximum depth of nested objects and lists"""
BLOCK_BYTES = 1 << 18
"""number of bytes that are read at once when lines are read backwards"""


class Record(BaseModel):
    """A JSON object with strict types; unknown keys are kept."""

    model_config = ConfigDict(extra="allow", strict=True)


AnyRecord = TypeVar("AnyRecord", bound=Record)


def read_record(path: Path, kind: type[AnyRecord]) -> AnyRecord:
    """Return the document at `path`, validated as `kind`; raises `CheckpointError`."""
    value = read_json(path)
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise CheckpointError(f"{path} is not understood: {validation_message(error)}") from error


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object at `path`; raises `CheckpointError`."""
    try:
        with open_regular(path) as file:
            data = file.read(MAX_DOCUMENT_BYTES + 1)
        if len(data) > MAX_DOCUMENT_BYTES:
            raise ValueError(f"it is larger than {MAX_DOCUMENT_BYTES:,} bytes")
        return parse(data)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} is missing.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CheckpointError(f"{path} cannot be read: {reason}.") from error


def parse(data: bytes) -> dict[str, Any]:
    """Parse a JSON object; raises `ValueError`."""
    try:
        value = json.loads(data)
    except RecursionError as error:
        raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep") from error
    if not isinstance(value, dict):
        raise ValueError("it is not a JSON object")
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for item in level
            if isinstance(item, (dict, list))
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return value
    raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep")


def iterate_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a file of JSON lines, except damaged lines; none if there is no file.

    Raises `CheckpointError` if `path` cannot be read.
    """
    with readable(path), suppress(FileNotFoundError), open_regular(path) as file:
        is_rest = False  # whether `line` is the rest of a line longer than MAX_LINE_BYTES
        while line := file.readline(MAX_LINE_BYTES):
            if not is_rest and (record := _parse_line(line)) is not None:
                yield record
            is_rest = not line.endswith(b"\n")


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the records of `iterate_lines` as a list."""
    return list(iterate_lines(path))


def end_of_last_record(path: Path, matches: Callable[[dict[str, Any]], bool]) -> int:
    """Return the byte offset after the last record for which `matches` is true; 0 if none.

    Lines are read backwards from the end of the file, up to this record.
    Raises `CheckpointError` if `path` cannot be read.
    """
    with readable(path), open_regular(path) as file:
        for line, end in _lines_backwards(file):
            record = _parse_line(line)
            if record is not None and matches(record):
                return end
    return 0


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn an `OSError` of the block into a `CheckpointError` that names `path`."""
    try:
        yield
    except OSError as error:
        name = printable_name(str(path))
        raise CheckpointError(f"{name} cannot be read: {error.strerror or error}.") from error


def open_regular(path: Path) -> BufferedReader:
    """Open the file `path`, following links; raises `OSError` for a pipe or device."""
    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - opening a pipe would wait for a writer
        raise OSError(0, "not a regular file")
    return path.open("rb")


def _parse_line(line: bytes) -> dict[str, Any] | None:
    try:
        return parse(line)
    except ValueError:
        return None  # a damaged line, such as after an interrupted write


def _lines_backwards(file: BufferedReader) -> Iterator[tuple[bytes, int]]:
    """Yield the lines of `file` from the last to the first, each with the offset of its end."""
    end = position = file.seek(0, os.SEEK_END)
    rest = b""
    while position:
        size = min(BLOCK_BYTES, position)
        position -= size
        file.seek(position)
        lines = (file.read(size) + rest).split(b"\n")
        starts = list(accumulate((len(line) + 1 for line in lines[:-1]), initial=position))
        for start, line in zip(starts[:0:-1], lines[:0:-1], strict=True):
            if line:
                yield line, end
            end = start
        rest = lines[0][: MAX_LINE_BYTES + 1]  # longer lines are skipped
    if rest:
        yield rest, end
