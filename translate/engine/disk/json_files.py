"""What this program wrote is read back as if a stranger had: JSON documents and lines, checked.

Only regular files are read, of a size, depth and shape that this program writes. A link to such a
file is followed, as caches of downloaded models consist of links.
"""

import json
import os
import stat
from collections.abc import Callable, Iterator
from io import BufferedReader
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from translate.engine.system import signatures
from translate.errors import CheckpointError

LARGEST = 64 << 20
"""bytes of a document"""
LONGEST = 1 << 20
"""bytes of a line; a longer one is none of ours"""
DEEPEST = 64
"""levels of nesting"""
BLOCK = 1 << 18
"""bytes that are read at once where lines are read backwards"""


class Record(BaseModel):
    """Part of a file of ours: types are strict, and what else the file says is kept."""

    model_config = ConfigDict(extra="allow", strict=True)


AnyRecord = TypeVar("AnyRecord", bound=Record)


def read_record(path: Path, kind: type[AnyRecord]) -> AnyRecord:
    """Return the document at `path`; raises `CheckpointError`, in one line, where it is none."""
    value = read_json(path)
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise CheckpointError(f"{path} is not understood: {signatures.explain(error)}") from error


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object at `path`; raises `CheckpointError`."""
    try:
        with open_regular(path) as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise ValueError(f"it is larger than {LARGEST:,} bytes")
        return parse(data)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} is missing.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CheckpointError(f"{path} cannot be read: {reason}.") from error


def parse(data: bytes) -> dict[str, Any]:
    """Return the JSON object that `data` is; raises `ValueError`."""
    try:
        value = json.loads(data)
    except RecursionError as error:
        raise ValueError(f"it is nested more than {DEEPEST} levels deep") from error
    if not isinstance(value, dict):
        raise ValueError("it is not a JSON object")
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for item in level
            if isinstance(item, (dict, list))
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return value
    raise ValueError(f"it is nested more than {DEEPEST} levels deep")


def iterate_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a file that `files.append` wrote, without any that is damaged.

    A missing file has none. Raises `CheckpointError` where `path` cannot be read at all.
    """
    try:
        with open_regular(path) as file:
            whole = True
            while line := file.readline(LONGEST):
                ended = line.endswith(b"\n")
                if whole and (record := _record(line)) is not None:
                    yield record
                whole = ended
    except FileNotFoundError:
        return
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}.") from error


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return all that `each_line` yields."""
    return list(iterate_lines(path))


def end_of_last_record(path: Path, belongs: Callable[[dict[str, Any]], bool]) -> int:
    """Return where in `path` the last record that `belongs` ends; 0 where there is none.

    Lines are read from the end, so that a long file costs as much as what is to be cut off it.
    Raises `CheckpointError` where `path` cannot be read.
    """
    try:
        with open_regular(path) as file:
            for line, end in _backwards(file):
                record = _record(line)
                if record is not None and belongs(record):
                    return end
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}.") from error
    return 0


def open_regular(path: Path) -> BufferedReader:
    """Open the file `path`, or one that it is a link to; raises `OSError` for a pipe or device."""
    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - opening a pipe would wait
        raise OSError(0, "not a regular file")
    return path.open("rb")


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        return parse(line)
    except ValueError:
        return None  # a write that was cut short: what it said is lost, the rest is not


def _backwards(file: BufferedReader) -> Iterator[tuple[bytes, int]]:
    """Yield the lines of `file` from the last to the first, each with where it ends."""
    end = position = file.seek(0, os.SEEK_END)
    rest = b""
    while position:
        size = min(BLOCK, position)
        position -= size
        file.seek(position)
        lines = (file.read(size) + rest).split(b"\n")
        starts = list(accumulate((len(line) + 1 for line in lines[:-1]), initial=position))
        for start, line in zip(starts[:0:-1], lines[:0:-1], strict=True):
            if line:
                yield line, end
            end = start
        rest = lines[0][: LONGEST + 1]  # the end of a longer line is not kept: it is none of ours
    if rest:
        yield rest, end
