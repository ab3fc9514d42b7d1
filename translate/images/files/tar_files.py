"""Images in tar files: ``shards/00.tar/cat.png`` is the member ``cat.png`` of ``shards/00.tar``.

A process reads the headers of a tar file once, and then each member by its offset, in any order. A
tar file may be in an object store.
"""

from functools import cache
from pathlib import Path, PurePosixPath

from translate.engine.objects.files import open_files
from translate.engine.system.locations import UrlPath
from translate.images.files.tar_index import SUFFIX, Place, TarIndex, read_headers
from translate.images.files.tar_objects import open_tar


def is_tar(path: Path) -> bool:
    """Return whether `path` is a file with the suffix ``.tar``; a store may raise `OSError`."""
    if path.suffix.lower() != SUFFIX:
        return False
    return open_tar(path).exists() if isinstance(path, UrlPath) else path.is_file()


def find_tar(path: Path) -> Path | None:
    """Return the tar file that `path` is a member of; None if a file is at `path` itself.

    A path in a store is looked up by the names of its folders. A store may raise `OSError`.
    """
    folders = (folder for folder in path.parents if is_tar(folder))
    return None if _is_file(path) else next(folders, None)


def _is_file(path: Path) -> bool:
    return not isinstance(path, UrlPath) and path.is_file()


def read_index(path: Path) -> TarIndex:
    """Return the members of the tar file at `path`; it is read again only if it has changed.

    Raises `OSError` if it cannot be read.
    """
    if isinstance(path, UrlPath):
        return open_tar(path).index()
    facts = path.stat()
    return _read_index(path, facts.st_size, facts.st_mtime_ns, facts.st_ino)


def find_member(path: Path) -> tuple[Path, Place] | None:
    """Return the tar file of the member at `path`, and its place there; None if there is none.

    Raises `OSError` if the tar file cannot be read.
    """
    tar = find_tar(path)
    if tar is None:
        return None
    known = open_tar(tar).index(fresh=False) if isinstance(tar, UrlPath) else read_index(tar)
    place = known.members.get(path)
    return (tar, place) if place else None


def read_member(path: Path) -> bytes | None:
    """Return the content of the member at `path`; None if there is none.

    Raises `OSError` if the tar file cannot be read.
    """
    if isinstance(path, UrlPath):
        tar = find_tar(path)
        return open_tar(tar).read(path) if isinstance(tar, UrlPath) else None
    found = find_member(path)
    if found is None:
        return None
    tar, place = found
    with tar.open("rb") as file:
        file.seek(place.start)
        return file.read(place.size)


def file_size(path: Path) -> int:
    """Return the bytes of a file, or of a member of a tar file; raises `OSError`."""
    found = find_member(path)
    if found:
        return found[1].size
    if isinstance(path, UrlPath):
        return open_files(path.scheme, path.host).version(path)[0]
    return path.stat().st_size


def without_tar_suffixes(name: PurePosixPath | Path, root: Path) -> Path:
    """Return the relative path `name` below `root` with ``00`` for a tar file ``00.tar``."""
    parts = list(name.parts)
    for place, part in enumerate(parts[:-1]):
        if part.lower().endswith(SUFFIX) and is_tar(root.joinpath(*name.parts[: place + 1])):
            parts[place] = part[: -len(SUFFIX)]
    return Path(*parts)


@cache
def _read_index(path: Path, size: int, time: int, inode: int) -> TarIndex:  # noqa: ARG001
    with path.open("rb") as file:
        return read_headers(file, path, size)
