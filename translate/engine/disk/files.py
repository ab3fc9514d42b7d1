"""Write files atomically; every file that this program writes is written by `engine.disk`.

Content is written to a temporary file in the same folder, which is synced and then renamed. So a
reader gets the complete old file or the complete new file, also after a crash or a power cut.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BufferedRandom
from pathlib import Path
from typing import Any

from translate.engine.disk import durable
from translate.engine.disk.file_system import NO_RENAME, tolerate
from translate.engine.disk.folders import make_folder
from translate.engine.disk.partial_files import temporary_file


def replace(path: Path, data: durable.Content) -> None:
    """Write `data` as the file `path`, durably and atomically.

    `data` in chunks must be an iterable that can be read twice: this happens if the file system
    cannot rename.
    """
    make_folder(path.parent)
    temporary = temporary_file(path)
    try:
        durable.write_durably(temporary, data)
        _rename_or_write(temporary, path, data)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    durable.sync_folder(path.parent)


@contextmanager
def open_atomically(path: Path) -> Iterator[BufferedRandom]:
    """Yield a temporary file, which is renamed to `path` at the end of the block.

    If the block raises an exception, the temporary file is deleted.
    """
    make_folder(path.parent)
    temporary = temporary_file(path)
    try:
        with temporary.open("x+b") as file:
            yield file
            file.flush()
            durable.sync_descriptor(file.fileno(), temporary)
        _rename_or_write(temporary, path, _chunks(temporary))
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    durable.sync_folder(path.parent)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(durable.CHUNK_BYTES):
            yield chunk


def replace_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write `value` as an indented JSON document."""
    replace(path, (json.dumps(value, indent=2) + "\n").encode())


def append(path: Path, record: Mapping[str, Any]) -> None:
    """Add `record` as a line of JSON to `path`; see `append_line`."""
    append_line(path, json.dumps(record))


def append_line(path: Path, text: str) -> None:
    """Add `text` as a line to `path` with one write, after ending an incomplete last line.

    Raises `OSError` if `path` is a link, or something other than a file.
    """
    line = f"{text}\n".encode()
    make_folder(path.parent)
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
    with durable.closing(durable.open_regular(path, flags)) as descriptor:
        size = os.fstat(descriptor).st_size
        if size:
            os.lseek(descriptor, size - 1, os.SEEK_SET)
            line = line if os.read(descriptor, 1) == b"\n" else b"\n" + line
        durable.write_all(descriptor, line)


def sync(path: Path, *, name: bool) -> None:
    """Make the content of `path` durable; with `name`, for a new file, also its name."""
    with durable.closing(durable.open_regular(path, os.O_RDWR)) as descriptor:
        durable.sync_descriptor(descriptor, path)
    if name:
        durable.sync_folder(path.parent)


def truncate(path: Path, size: int) -> None:
    """Cut `path` to its first `size` bytes, durably."""
    with durable.closing(durable.open_regular(path, os.O_RDWR)) as descriptor:
        os.ftruncate(descriptor, size)
        durable.sync_descriptor(descriptor, path)


def extend(path: Path, chunks: Iterable[durable.Chunk], *, start: int) -> None:
    """Write `chunks` to `path` from byte `start` on, without a temporary file.

    If the iterator of `chunks` raises an exception, the chunks before it are durable, so that a
    later call can continue. Readers must expect an incomplete file.
    """
    make_folder(path.parent)
    with durable.closing(durable.open_regular(path, os.O_WRONLY | os.O_CREAT)) as descriptor:
        os.ftruncate(descriptor, start)
        os.lseek(descriptor, start, os.SEEK_SET)
        try:
            for chunk in chunks:
                durable.write_all(descriptor, chunk)
        finally:
            durable.sync_descriptor(descriptor, path)


def mark_used(path: Path) -> None:
    """Set the modification time of `path` to now, as a cache deletes its oldest files first."""
    os.utime(path)


def discard(path: Path) -> None:
    """Delete the file `path`, if it exists."""
    path.unlink(missing_ok=True)


def _rename_or_write(temporary: Path, path: Path, data: durable.Content) -> None:
    """Rename `temporary` to `path`; if the file system cannot, write `data` to `path` directly."""
    with tolerate("files cannot be renamed", path.parent, NO_RENAME):
        os.replace(temporary, path)  # noqa: PTH105 - the tests count these calls
        return
    durable.write_durably(path, data)
    temporary.unlink()
