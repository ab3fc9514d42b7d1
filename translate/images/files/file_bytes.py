"""The bytes of image files and of members of tar files, and whether a file has changed."""

import os
from io import BufferedReader
from pathlib import Path

from translate.engine.objects.files import open_files
from translate.engine.system.locations import UrlPath
from translate.errors import BadImage
from translate.images.files.tar_files import read_member
from translate.images.layers import errors_as_bad_image


def read_file(path: Path) -> bytes:
    """Return the content of a file or member of a tar file; `BadImage` if it cannot be read."""
    with errors_as_bad_image(path):
        if isinstance(path, UrlPath):
            data = read_member(path)
            return open_files(path.scheme, path.host).read(path) if data is None else data
        if not path.is_file():
            if (data := read_member(path)) is not None:
                return data
            require_file(path)
        return path.read_bytes()


def require_file(path: Path) -> None:
    """Raise `BadImage` unless there is a file at `path`."""
    if not path.is_file():
        raise BadImage(path, "not a file" if path.exists() else "not there")


def require_content(path: Path, data: bytes) -> bytes:
    """Return `data`, the content of `path`; raises `BadImage` if it is empty."""
    if not data:
        raise BadImage(path, "an empty file")
    return data


def identity(file: BufferedReader | Path) -> tuple[int, int, int]:
    """Return the size, the time of the last change and the inode of a file."""
    status = file.stat() if isinstance(file, Path) else os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns, status.st_ino


def identities(file: BufferedReader, path: Path) -> object:
    """Return the identity of an open file, and of the file that is at its path now."""
    return identity(file), identity(path)
