"""Scratch files for arrays that do not fit in memory."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedRandom
from pathlib import Path
from tempfile import gettempdir

from translate.engine.disk.durable import BINARY
from translate.engine.disk.file_system import free_bytes
from translate.engine.disk.folders import make_folder
from translate.engine.disk.partial_files import temporary_file


class ScratchFile:
    """A temporary file that is deleted while it is open, so it has no name.

    The system frees its space after `close`, also if the process is killed. Windows cannot delete
    an open file: there, `close` deletes the file.
    """

    def __init__(self, folder: Path, size: int) -> None:
        """Make a file of `size` bytes in `folder`; raises `OSError` if fewer bytes are free."""
        free = free_bytes(folder)
        if free is not None and free < size:
            needed = f"{size / 1e9:.1f} GB of scratch files, and {free / 1e9:.1f} GB are free"
            raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)}: it takes {needed}")
        make_folder(folder)
        self._path = temporary_file(folder / "scratch")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | BINARY
        self._file = os.fdopen(os.open(self._path, flags, 0o600), "r+b", buffering=0)
        with suppress(PermissionError):
            self._path.unlink()
        self._file.truncate(size)

    def write(self, offset: int, data: memoryview) -> None:
        """Write `data` at the byte `offset`."""
        self._file.seek(offset)
        while data:
            data = data[self._file.write(data) :]

    def read_into(self, offset: int, buffer: memoryview) -> None:
        """Fill `buffer` with the bytes from `offset`."""
        self._file.seek(offset)
        while buffer:
            count = self._file.readinto(buffer)
            if not count:
                raise OSError(errno.EIO, "a scratch file is shorter than it was")
            buffer = buffer[count:]

    def close(self) -> None:
        """Free the space of the file."""
        self._file.close()
        self._path.unlink(missing_ok=True)


@contextmanager
def temporary_file_with_name() -> Iterator[BufferedRandom]:
    """Yield an empty file in the folder of temporary files, which is deleted after the block."""
    path = temporary_file(Path(gettempdir()) / "translate")
    try:
        with path.open("x+b") as file:
            yield file
    finally:
        path.unlink(missing_ok=True)
