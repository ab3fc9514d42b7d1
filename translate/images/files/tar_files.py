"""Images in tar files: ``shards/00.tar/cat.png`` is the member ``cat.png`` of ``shards/00.tar``.

A process reads the headers of a tar file once, and then each member by its offset, in any order.
Tar files may be on a disk or in an object store; each function raises `OSError` if the store fails
or the tar file cannot be read.
"""

from functools import cache
from pathlib import Path, PurePosixPath

from translate.engine.objects.files import open_files
from translate.engine.system.locations import UrlPath
from translate.images.files.tar_index import SUFFIX, ByteRange, TarIndex, read_headers
from translate.images.files.tar_objects import open_tar


def is_tar(path: Path) -> bool:
    """Return whether `path` is a file with the suffix ``.tar``."""
    if path.suffix.lower() != SUFFIX:
        return False
    return open_tar(path).exists() if isinstance(path, UrlPath) else path.is_file()


def find_tar(path: Path) -> Path | None:
    """Return the tar file that is a folder of `path`; None if there is none, or `path` is a file.

    In a store, no file is expected at a path below a tar file.
    """
    is_file = not isinstance(path, UrlPath) and path.is_file()
    return None if is_file else next(filter(is_tar, path.parents), None)


def read_index(path: Path) -> TarIndex:
    """Return the members of the tar file at `path`; it is read again only if it has changed."""
    if isinstance(path, UrlPath):
        return open_tar(path).index()
    status = path.stat()
    return _read_index(path, status.st_size, status.st_mtime_ns, status.st_ino)


def find_member(path: Path) -> tuple[Path, ByteRange] | None:
    """Return the tar file of the member at `path`, and the member's place; None if not there."""
    tar = find_tar(path)
    if tar is None:
        return None
    index = (
        open_tar(tar).index(check_version=False) if isinstance(tar, UrlPath) else read_index(tar)
    )
    place = index.members.get(path)
    return (tar, place) if place else None


def read_member(path: Path) -> bytes | None:
    """Return the content of the member at `path`; None if there is none."""
    if isinstance(path, UrlPath):
        tar = find_tar(path)
        return open_tar(tar).read(path) if isinstance(tar, UrlPath) else None
    if (member := find_member(path)) is None:
        return None
    tar, place = member
    with tar.open("rb") as file:
        file.seek(place.start)
        return file.read(place.size)


def file_size(path: Path) -> int:
    """Return the number of bytes of a file, or of a member of a tar file."""
    if member := find_member(path):
        _, place = member
        return place.size
    if isinstance(path, UrlPath):
        return open_files(path.scheme, path.host).version(path)[0]
    return path.stat().st_size


def without_tar_suffixes(name: PurePosixPath | Path, root: Path) -> Path:
    """Return the relative path `name` below `root`; tar files in it lose their suffix."""
    parts = list(name.parts)
    for index, part in enumerate(parts[:-1]):
        if part.lower().endswith(SUFFIX) and is_tar(root.joinpath(*name.parts[: index + 1])):
            parts[index] = part[: -len(SUFFIX)]
    return Path(*parts)


@cache  # by size, time and inode, so that a changed file is read again
def _read_index(path: Path, size: int, time: int, inode: int) -> TarIndex:  # noqa: ARG001
    with path.open("rb") as file:
        return read_headers(file, path, size)
