"""Archives made by strangers: all that is in them is judged before any of it is written."""

import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple, TypeVar

from translate.errors import DataError

MEMBERS = 1_000_000
BYTES = 200 << 30
RATIO = 200
"""limits of an archive: files, bytes, and unpacked bytes per packed byte"""
PIECE = 1 << 20
T = TypeVar("T")
DAMAGED = (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, OSError,
           NotImplementedError)  # fmt: skip
"""what the readers raise for a torn or odd archive"""


class Member(NamedTuple):
    """One file of an archive."""

    name: str
    size: int
    chunks: Callable[[], Iterator[bytes]]
    """its bytes; read them before the next member"""


class Entry(NamedTuple):
    """The entry of a member in an archive, before anything is read."""

    name: str
    size: int
    kind: str
    """``file``, ``folder``, or what it is that we do not take"""


def inspect(path: Path) -> None:
    """Raise `DataError` if unpacking the archive `path` could do harm, or it is torn.

    Refused are names that lead out of the folder, links, devices, names that come twice, and more
    than an archive of images would have.
    """
    names: set[PurePosixPath] = set()
    total = 0
    with _readable(path):
        for entry in _entries(path):
            total += entry.size
            if fault := _fault(entry, names):
                raise DataError(f"{path}: {entry.name!r} {fault}: nothing was unpacked.")
            if len(names) > MEMBERS or total > min(BYTES, RATIO * path.stat().st_size):
                raise DataError(
                    f"{path}: more than {len(names):,} files and {total:,} bytes come out of it, "
                    "which is no archive of images: nothing was unpacked."
                )


def members(path: Path) -> Iterator[Member]:
    """Yield the files of the archive `path`, in its order, which `inspect` has found harmless."""
    with _readable(path):
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for info in archive.infolist():
                    if not info.is_dir():
                        yield Member(
                            info.filename, info.file_size, _chunks(path, archive.open, info)
                        )
        else:
            with tarfile.open(path) as tape:
                for item in tape:
                    if item.isreg():
                        yield Member(item.name, item.size, _chunks(path, tape.extractfile, item))


def is_archive(path: Path) -> bool:
    """Return whether `path` is a zip file or a tar file, compressed or not."""
    return path.is_file() and (zipfile.is_zipfile(path) or tarfile.is_tarfile(path))


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGED as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise DataError(f"{path} cannot be unpacked: {reason.rstrip(':.')}.") from error


def _entries(path: Path) -> Iterator[Entry]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                yield Entry(info.orig_filename, info.file_size, _zip_kind(info))
    else:
        with tarfile.open(path) as tape:
            for item in tape:
                yield Entry(item.name, item.size, _tar_kind(item))


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


def _fault(entry: Entry, names: set[PurePosixPath]) -> str:
    """Return what is wrong with `entry`, or nothing; add it to those that were `seen`."""
    if entry.kind not in ("file", "folder"):
        return entry.kind
    name = PurePosixPath(entry.name)
    if name.is_absolute() or ".." in name.parts or {"\\", "\0"} & {*entry.name}:
        return "leads out of the folder"
    if entry.kind == "file" and name in names:
        return "comes twice"
    names.add(name)
    return ""


def _chunks(
    path: Path, unpack: Callable[[T], IO[bytes] | None], item: T
) -> Callable[[], Iterator[bytes]]:
    """Return what reads `item` of the archive `path` piece by piece."""

    def read() -> Iterator[bytes]:
        with _readable(path):
            file = unpack(item)
            if file is not None:
                with file:
                    while piece := file.read(PIECE):
                        yield piece

    return read
