"""The headers of a tar file: where each of its members is."""

import tarfile
from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from translate.errors import BadImage

SUFFIX = ".tar"
TRUNCATED = "truncated: the end of a tar file is missing"


class ByteRange(NamedTuple):
    """Where the content of a member is in its tar file, in bytes."""

    start: int
    size: int


class TarIndex(NamedTuple):
    """The files in a tar file."""

    members: Mapping[Path, ByteRange]
    """place of each member, by the path of the tar file with the member's name below it"""
    problems: list[BadImage]
    """members that cannot be read; for a truncated file also the tar file itself"""


def read_headers(file: BufferedReader, path: Path, size: int) -> TarIndex:
    """Return the members of an open tar file of `size` bytes; raises `OSError`."""
    members: dict[Path, ByteRange] = {}
    problems: list[BadImage] = []
    end = 0
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            for member in archive:
                end = member.offset_data + -(-member.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
                if not member.isreg() or member.issparse():
                    continue
                if reason := _member_problem(path, member, members, size):
                    problems.append(BadImage(path / member.name, reason))
                else:
                    members[path / member.name] = ByteRange(member.offset_data, member.size)
        if end + tarfile.BLOCKSIZE > size:  # there is not even one of the two zero blocks
            problems.append(BadImage(path, TRUNCATED))
    except tarfile.ReadError as error:
        is_tar = "unexpected end" in str(error) or members
        reason = TRUNCATED if is_tar else f"not an uncompressed tar file: {error}"
        problems.append(BadImage(path, reason))
    return TarIndex(members, problems)


def is_header_of(block: bytes, path: Path, size: int) -> bool:
    """Return whether `block` is a header with this size, and the name at the end of this path.

    The name is not compared if it is long or not ASCII, as it is then in another, extended header.
    """
    try:
        header = tarfile.TarInfo.frombuf(block, tarfile.ENCODING, "surrogateescape")
    except tarfile.HeaderError:
        return False
    has_name = path.as_posix().isascii() and len(header.name) < tarfile.LENGTH_NAME
    return header.size == size and (not has_name or path.as_posix().endswith(header.name))


def _member_problem(
    path: Path, member: tarfile.TarInfo, members: Mapping[Path, ByteRange], size: int
) -> str:
    """Return why a member cannot be used, or ""."""
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts:
        return "a name outside its tar file"
    if path / member.name in members:
        return "a second member of this name in its tar file"
    if member.offset_data + member.size > size:
        return "truncated: its tar file ends before"
    return ""
