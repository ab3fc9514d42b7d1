"""Directories of a TIFF: where its pages and the values of their tags lie."""

import struct
from typing import NamedTuple

MAX_PAGES = 100_000
"""directories of one file; more would take too long to read"""
TYPES = {1: "B", 3: "H", 4: "I", 7: "B", 16: "Q"}
"""letters of `struct` for the types of whole numbers"""


class Directory(NamedTuple):
    """The positions of the values of a directory's tags."""

    data: bytes
    order: str
    entries: dict[int, tuple[str, int, int]]
    """letter, count and offset, by tag"""

    def values(self, tag: int, *default: int, limit: int = 1024) -> tuple[int, ...]:
        """Return up to `limit` values of a tag; raises `struct.error` if they are missing."""
        if tag not in self.entries:
            return default
        letter, count, offset = self.entries[tag]
        return struct.unpack_from(f"{self.order}{min(count, limit)}{letter}", self.data, offset)

    def value(self, tag: int, default: int) -> int:
        """Return the first value of a tag."""
        return (*self.values(tag, limit=1), default)[0]


def is_tiff(data: bytes) -> bool:
    """Return whether `data` begins like a TIFF."""
    return data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def page_offsets(data: bytes) -> list[int]:
    """Return where the directories of `data` begin, without those of thumbnails and masks.

    Raises `ValueError` for a chain that is too long, or leads out of the file at once.
    """
    order, wide = byte_order(data), is_bigtiff(data)
    count, step = struct.Struct(order + ("Q" if wide else "H")), 20 if wide else 12
    following = struct.Struct(order + ("Q" if wide else "I"))
    full: dict[int, bool] = {}
    offset = first_directory(data)
    while offset and offset not in full:
        try:
            begin = offset + count.size
            (after,) = following.unpack_from(
                data, begin + count.unpack_from(data, offset)[0] * step
            )
            full[offset] = not _subfile_type(data, begin, order, wide=wide) & 0b101
        except (struct.error, OverflowError):
            break  # what is before it is whole
        if len(full) > MAX_PAGES:
            raise ValueError(f"a TIFF of more than {MAX_PAGES:,} directories")
        offset = after
    if not full:
        raise ValueError("a damaged TIFF: its directory cannot be read")
    return [place for place, is_full in full.items() if is_full] or list(full)


def _subfile_type(data: bytes, begin: int, order: str, *, wide: bool) -> int:
    """Return the tag NewSubfileType, the first one if it exists, as tags ascend."""
    tag, kind = struct.unpack_from(order + "HH", data, begin)
    if tag != 254:
        return 0
    letter, place = "H" if kind == 3 else "I", begin + (12 if wide else 8)
    return int(struct.unpack_from(order + letter, data, place)[0])


def read_directory(data: bytes, offset: int, limit: int = 4096) -> tuple[Directory, int]:
    """Return the first `limit` tags of the directory at `offset`, and where the next one begins.

    Raises `struct.error` where `data` is too short for it.
    """
    order, wide = byte_order(data), is_bigtiff(data)
    count_letter, entry, room = ("Q", "HHQ8x", 8) if wide else ("H", "HHI4x", 4)
    following = "Q" if wide else "I"
    (count,) = struct.unpack_from(order + count_letter, data, offset)
    begin = offset + struct.calcsize(order + count_letter)
    step = struct.calcsize(order + entry)
    (after,) = struct.unpack_from(order + following, data, begin + count * step)
    entries: dict[int, tuple[str, int, int]] = {}
    for place in range(begin, begin + min(count, limit) * step, step):
        tag, kind, number = struct.unpack_from(order + entry, data, place)
        letter = TYPES.get(kind, "")
        inside = place + step - room
        if letter and number:
            if struct.calcsize(f"={letter}") * number > room:
                (inside,) = struct.unpack_from(order + following, data, inside)
            entries.setdefault(tag, (letter, number, inside))
    return Directory(data, order, entries), after


def first_directory(data: bytes) -> int:
    """Return where the first directory of `data` begins."""
    letter, at = ("Q", 8) if is_bigtiff(data) else ("I", 4)
    try:
        (offset,) = struct.unpack_from(byte_order(data) + letter, data, at)
    except struct.error:
        return 0
    return int(offset)


def byte_order(data: bytes) -> str:
    """Return the byte order of `data` as `struct` writes it."""
    return "<" if data[:2] == b"II" else ">"


def is_bigtiff(data: bytes) -> bool:
    """Return whether `data` is a BigTIFF, with 64-bit offsets."""
    return 43 in data[2:4]
