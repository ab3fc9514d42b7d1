"""The headers of a tar file: where each of its members is."""

import tarfile
from collections.abc import Mapping
from io import BufferedReader
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


def read_headers(file: BufferedReader, path: Path, size: int) -> TarIndex:
    """Return the members of an open tar file of `size` bytes; raises `OSError`."""
    members: dict[Path, Place] = {}
    problems: list[BadImage] = []
    end = 0
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
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


def is_header_of(block: bytes, path: Path, size: int) -> bool:
    """Return whether `block` is the header of a member with this path and size, as far as it says.

    A name that is long or not ASCII is in an extended header instead.
    """
    try:
        header = tarfile.TarInfo.frombuf(block, tarfile.ENCODING, "surrogateescape")
    except tarfile.HeaderError:
        return False
    known = path.as_posix().isascii() and len(header.name) < tarfile.LENGTH_NAME
    return header.size == size and (not known or path.as_posix().endswith(header.name))


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
