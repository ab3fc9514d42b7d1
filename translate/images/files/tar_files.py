"""Images in tar files: ``shards/00.tar/cat.png`` is the member ``cat.png`` of ``shards/00.tar``.

A process reads the headers of a tar file once, and then each member by its offset, in any order.
"""

import tarfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from translate.errors import BadImage

SUFFIX = ".tar"
TRUNCATED = "truncated: the end of a tar file is missing"


class Place(NamedTuple):
    """Where the content of a member is in its tar file, in bytes."""

    start: int
    size: int


class TarIndex(NamedTuple):
    """The files in a tar file."""

    members: Mapping[Path, Place]
    """By path: that of the tar file, and the name of the member below it."""
    problems: list[BadImage]
    """Members that cannot be read, and a missing end."""


def is_tar(path: Path) -> bool:
    """Return whether `path` is a file with the suffix ``.tar``."""
    return path.suffix.lower() == SUFFIX and path.is_file()


def find_tar(path: Path) -> Path | None:
    """Return the tar file that `path` is a member of; None if a file is at `path` itself."""
    folders = (folder for folder in path.parents if is_tar(folder))
    return None if path.is_file() else next(folders, None)


def read_index(path: Path) -> TarIndex:
    """Return the members of the tar file at `path`; it is read again only if it has changed.

    Raises `OSError` if it cannot be read.
    """
    facts = path.stat()
    return _read_index(path, facts.st_size, facts.st_mtime_ns, facts.st_ino)


def find_member(path: Path) -> tuple[Path, Place] | None:
    """Return the tar file of the member at `path`, and its place there; None if there is none.

    Raises `OSError` if the tar file cannot be read.
    """
    tar = find_tar(path)
    place = read_index(tar).members.get(path) if tar else None
    return (tar, place) if tar and place else None


def read_member(path: Path) -> bytes | None:
    """Return the content of the member at `path`; None if there is none.

    Raises `OSError` if the tar file cannot be read.
    """
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
    return found[1].size if found else path.stat().st_size


def without_tar_suffixes(name: PurePosixPath | Path, root: Path) -> Path:
    """Return the relative path `name` below `root` with ``00`` for a tar file ``00.tar``."""
    parts = list(name.parts)
    for place, part in enumerate(parts[:-1]):
        if part.lower().endswith(SUFFIX) and is_tar(root.joinpath(*name.parts[: place + 1])):
            parts[place] = part[: -len(SUFFIX)]
    return Path(*parts)


@cache
def _read_index(path: Path, size: int, time: int, inode: int) -> TarIndex:  # noqa: ARG001
    members: dict[Path, Place] = {}
    problems: list[BadImage] = []
    end = 0
    try:
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                end = member.offset_data + -(-member.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
                if not member.isreg() or member.issparse():
                    continue
                if reason := _refusal(path, member, members, size):
                    problems.append(BadImage(path / member.name, reason))
                else:
                    members[path / member.name] = Place(member.offset_data, member.size)
        if end + tarfile.BLOCKSIZE > size:  # there is not even one of the two zero blocks
            problems.append(BadImage(path, TRUNCATED))
    except tarfile.ReadError as error:
        begins_well = "unexpected end" in str(error) or members
        reason = TRUNCATED if begins_well else f"not an uncompressed tar file: {error}"
        problems.append(BadImage(path, reason))
    return TarIndex(members, problems)


def _refusal(path: Path, member: tarfile.TarInfo, members: Mapping[Path, Place], size: int) -> str:
    """Return why a member cannot be used; empty if it can."""
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts:
        return "a name outside its tar file"
    if path / member.name in members:
        return "a second member of this name in its tar file"
    if member.offset_data + member.size > size:
        return "truncated: its tar file ends before"
    return ""
