"""Directories (IFDs) of a TIFF: found and checked before `tifffile` reads them.

`tifffile` follows cyclic chains of directories, and allocates memory for all values that a damaged
directory states.
"""

import struct
from typing import BinaryIO, NamedTuple

MAX_PAGES = 100_000
"""largest number of directories; more would take too long to read"""
MAX_TAGS = 4096
"""largest number of tags of a directory"""
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
SIZES |= {16: 8, 17: 8, 18: 8}
"""sizes of values in bytes, by the code of their type"""


class Encoding(NamedTuple):
    """The binary encoding of directories, by byte order and for TIFF or BigTIFF."""

    order: str
    tag_count: struct.Struct
    """number of tags"""
    tag: struct.Struct
    """tag, type and number of values"""
    offset: struct.Struct
    start: int
    """position of the offset of the first directory"""


def is_tiff(data: bytes) -> bool:
    """Return whether `data` begins like a TIFF."""
    return data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def is_big(data: bytes) -> bool:
    """Return whether a TIFF that begins with `data` is a BigTIFF, with 64-bit offsets."""
    return 43 in data[2:4]


def encoding_of(data: bytes) -> Encoding:
    """Return the encoding of a TIFF that begins with `data`."""
    order = "<" if data[:2] == b"II" else ">"
    letters = ("Q", "HHQ8x", "Q", 8) if is_big(data) else ("H", "HHI4x", "I", 4)
    count, tag, offset = (struct.Struct(order + letter) for letter in letters[:3])
    return Encoding(order, count, tag, offset, letters[3])


def page_offsets(file: BinaryIO, numbers: Encoding) -> list[int]:
    """Return the offsets of the directories of pages, without those of thumbnails and masks.

    Raises `ValueError` if there are too many, or the first cannot be read.
    """
    full: dict[int, bool] = {}
    (offset,) = numbers.offset.unpack(_read(file, numbers.start, numbers.offset.size))
    while offset and offset not in full:
        try:
            (count,) = numbers.tag_count.unpack(_read(file, offset, numbers.tag_count.size))
            first = _read(file, offset + numbers.tag_count.size, numbers.tag.size)
            after = offset + numbers.tag_count.size + count * numbers.tag.size
            (following,) = numbers.offset.unpack(_read(file, after, numbers.offset.size))
        except (struct.error, OverflowError, OSError, ValueError):
            break  # the pages before it can be read
        full[offset] = not _subfile_type(first, numbers) & 0b101
        if len(full) > MAX_PAGES:
            raise ValueError(f"a TIFF of more than {MAX_PAGES:,} directories")
        offset = following
    if not full:
        raise ValueError("a damaged TIFF: its directory cannot be read")
    return [offset for offset, is_full in full.items() if is_full] or list(full)


def require_plausible(file: BinaryIO, offset: int, numbers: Encoding) -> None:
    """Raise `ValueError` for a directory with too many tags, or with values beyond the file."""
    (count,) = numbers.tag_count.unpack(_read(file, offset, numbers.tag_count.size))
    size = file.seek(0, 2)
    if count > MAX_TAGS:
        raise ValueError(f"a damaged TIFF: its directory states {count:,} tags")
    table = _read(file, offset + numbers.tag_count.size, count * numbers.tag.size)
    values = sum(SIZES.get(kind, 0) * number for _, kind, number in numbers.tag.iter_unpack(table))
    if values > 2 * size:
        raise ValueError(f"a damaged TIFF: tags of {values:,} bytes in a file of {size:,}")


def single_page(data: bytes, offset: int, numbers: Encoding) -> bytes:
    """Return a TIFF with only the page at `offset`, for decoders that read all directories."""
    changed = bytearray(data)
    numbers.offset.pack_into(changed, numbers.start, offset)
    (count,) = numbers.tag_count.unpack_from(data, offset)
    numbers.offset.pack_into(changed, offset + numbers.tag_count.size + count * numbers.tag.size, 0)
    return bytes(changed)


def _read(file: BinaryIO, offset: int, size: int) -> bytes:
    """Return a part of a file; raises `ValueError` if it is truncated."""
    file.seek(offset)
    data = file.read(size)
    if len(data) != size:
        raise ValueError("a damaged TIFF: its directory cannot be read")
    return data


def _subfile_type(first_entry: bytes, numbers: Encoding) -> int:
    """Return the tag NewSubfileType, which is always the first one; 0 if there is none."""
    tag, kind, _ = numbers.tag.unpack(first_entry)
    if tag != 254:
        return 0
    start = numbers.tag.size - numbers.offset.size
    (value,) = struct.unpack_from(numbers.order + ("H" if kind == 3 else "I"), first_entry, start)
    return int(value)
