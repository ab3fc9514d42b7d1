"""Write bytes durably, and open only regular files.

A file is durable, which means that it survives a power cut, once the disk has synced it.
"""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from translate.engine.disk.file_system import NO_FOLDER_SYNC, tolerate

CHUNK_BYTES = 1 << 24
"""largest size of a chunk that is merged with others before it is written"""
BINARY = getattr(os, "O_BINARY", 0)
"""open flag of Windows that turns off the conversion of line breaks"""
Chunk: TypeAlias = bytes | bytearray | memoryview
Content: TypeAlias = bytes | Iterable[Chunk]
"""The content of a file, in one piece or in chunks."""


def open_regular(path: Path, flags: int) -> int:
    """Return a descriptor of the file `path`; raises `OSError` for a link, pipe or device.

    The call does not block on a pipe without a writer.
    """
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | BINARY
    descriptor = os.open(path, flags, 0o644)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return descriptor


def open_folder(folder: Path) -> int:
    """Return a descriptor of `folder`; raises `OSError` on systems that cannot open folders."""
    return os.open(folder, os.O_RDONLY)


@contextmanager
def closing(descriptor: int) -> Iterator[int]:
    """Yield `descriptor`, and close it after the block."""
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def write_durably(path: Path, data: Content) -> None:
    """Write `data` to the file `path` in place, and sync it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | BINARY
    with closing(os.open(path, flags, 0o644)) as descriptor:
        for piece in [data] if isinstance(data, bytes) else _merge_small(data):
            write_all(descriptor, piece)
        sync_descriptor(descriptor, path)


def _merge_small(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Yield `chunks` with small ones merged; large ones are passed through."""
    pending = bytearray()
    for chunk in chunks:
        if pending and len(pending) + len(chunk) > CHUNK_BYTES:
            yield pending
            pending = bytearray()
        if len(chunk) > CHUNK_BYTES:
            yield chunk
        else:
            pending += chunk
    yield pending


def write_all(descriptor: int, data: Chunk) -> None:
    """Write all of `data`: one system call may write only a part."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_descriptor(descriptor: int, path: Path) -> None:
    """Sync the content of the open file `path`, if its file system can."""
    with tolerate("files cannot be synced", path.parent):
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Sync the names of the files in `folder`, if its file system can."""
    tolerated = tolerate("folders cannot be synced", folder, NO_FOLDER_SYNC)
    with tolerated, closing(open_folder(folder)) as descriptor:
        os.fsync(descriptor)
