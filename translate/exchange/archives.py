"""Read untrusted zip and tar files: all entries are checked before any file is unpacked."""

import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple, TypeVar

from translate.errors import DataError

MAX_FILES = 1_000_000
MAX_BYTES = 200 << 30
"""largest size of all unpacked files"""
MAX_RATIO = 200
"""largest number of unpacked bytes for each packed byte"""
CHUNK = 1 << 20
"""bytes that are unpacked at once"""
T = TypeVar("T")
DAMAGED = (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, OSError,
           NotImplementedError)  # fmt: skip
"""exceptions of `zipfile` and `tarfile` for damaged archives"""


class ArchiveEntry(NamedTuple):
    """An entry of an archive."""

    name: str
    size: int
    kind: str
    """``file``, ``folder``, or the reason why the entry is rejected"""
    chunks: Callable[[], Iterator[bytes]]
    """yields the content; must be called before the next entry is read"""


def check_archive(path: Path) -> None:
    """Raise `DataError` if the archive `path` is damaged, or unpacking it could do harm.

    Paths outside the folder, links, devices, repeated names, and sizes above `MAX_FILES`,
    `MAX_BYTES` and `MAX_RATIO` are rejected.
    """
    names: set[PurePosixPath] = set()
    total = 0
    with _errors_as_data_error(path):
        for entry in _entries(path):
            total += entry.size
            if reason := _rejection(entry, names):
                raise DataError(f"{path}: {entry.name!r} {reason}: nothing was unpacked.")
            max_bytes = min(MAX_BYTES, MAX_RATIO * path.stat().st_size)
            if len(names) > MAX_FILES or total > max_bytes:
                raise DataError(
                    f"{path}: it has at least {len(names):,} files and {total:,} bytes, too many "
                    "for an archive of images: nothing was unpacked."
                )


def members(path: Path) -> Iterator[ArchiveEntry]:
    """Yield the files of the archive `path` in the archive's order; call `check_archive` first."""
    with _errors_as_data_error(path):
        yield from (entry for entry in _entries(path) if entry.kind == "file")


def is_archive(path: Path) -> bool:
    """Return whether `path` is a zip file, or a tar file, compressed or not."""
    return path.is_file() and (zipfile.is_zipfile(path) or tarfile.is_tarfile(path))


@contextmanager
def _errors_as_data_error(path: Path) -> Iterator[None]:
    """Turn the exceptions of a damaged archive into a `DataError`."""
    try:
        yield
    except DAMAGED as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise DataError(f"{path} cannot be unpacked: {reason.rstrip(':.')}.") from error


def _entries(path: Path) -> Iterator[ArchiveEntry]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                chunks = partial(_read_chunks, path, archive.open, info)
                yield ArchiveEntry(info.orig_filename, info.file_size, _zip_kind(info), chunks)
    else:
        with tarfile.open(path) as tar:
            for item in tar:
                chunks = partial(_read_chunks, path, tar.extractfile, item)
                yield ArchiveEntry(item.name, item.size, _tar_kind(item), chunks)


def _zip_kind(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 1:
        return "is encrypted"
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device"
    return "folder" if info.is_dir() else "file"


def _tar_kind(item: tarfile.TarInfo) -> str:
    if item.isdir():
        return "folder"
    return "file" if item.isreg() and not item.issparse() else "is a link or a device"


def _rejection(entry: ArchiveEntry, names: set[PurePosixPath]) -> str:
    """Return why `entry` is rejected, or an empty string; add its name to `names`."""
    if entry.kind not in ("file", "folder"):
        return entry.kind
    name = PurePosixPath(entry.name)
    if name.is_absolute() or ".." in name.parts or {"\\", "\0"} & {*entry.name}:
        return "is outside the folder"
    if entry.kind == "file" and name in names:
        return "is repeated"
    names.add(name)
    return ""


def _read_chunks(path: Path, unpack: Callable[[T], IO[bytes] | None], item: T) -> Iterator[bytes]:
    """Yield the content of the entry `item` of the archive `path` in chunks."""
    with _errors_as_data_error(path):
        file = unpack(item)
        assert file is not None  # it is for links and devices only, which are rejected
        with file:
            while chunk := file.read(CHUNK):
                yield chunk
