"""Directories (IFDs) of a TIFF, one per page: they are listed and checked before `tifffile` reads.

`tifffile` would follow cyclic chains of directories without end, and allocate memory for all values
that a damaged directory states.
"""

import struct
from typing import BinaryIO, NamedTuple

MAX_PAGES = 100_000
"""largest number of directories; more would take too long to read"""
MAX_TAGS = 4096
"""largest number of tags of a directory"""
VALUE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
VALUE_BYTES |= {16: 8, 17: 8, 18: 8}
"""size of one value, by the code of its type"""
THUMBNAIL, MASK = 0b001, 0b100
"""bits of the tag NewSubfileType"""


class Encoding(NamedTuple):
    """The binary encoding of directories, by byte order and for TIFF or BigTIFF."""

    byte_order: str
    """``<`` or ``>``, as in `struct`"""
    tag_count: struct.Struct
    """number of tags of a directory"""
    tag: struct.Struct
    """tag, type and number of values; the values, or their offset, follow"""
    offset: struct.Struct
    """offset of the next directory, or 0"""
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
    if is_big(data):
        codes, start = ("Q", "HHQ8x", "Q"), 8
    else:
        codes, start = ("H", "HHI4x", "I"), 4
    tag_count, tag, offset = (struct.Struct(order + code) for code in codes)
    return Encoding(order, tag_count, tag, offset, start)


def page_offsets(file: BinaryIO, encoding: Encoding) -> list[int]:
    """Return the offsets of the directories of pages, without thumbnails and masks.

    If there are thumbnails and masks only, their offsets are returned. Raises `ValueError` if there
    are too many directories, or the first cannot be read.
    """
    is_page: dict[int, bool] = {}
    (offset,) = encoding.offset.unpack(_read(file, encoding.start, encoding.offset.size))
    while offset and offset not in is_page:
        try:
            (count,) = encoding.tag_count.unpack(_read(file, offset, encoding.tag_count.size))
            first_tag = _read(file, offset + encoding.tag_count.size, encoding.tag.size)
            end = offset + encoding.tag_count.size + count * encoding.tag.size
            (next_offset,) = encoding.offset.unpack(_read(file, end, encoding.offset.size))
        except (struct.error, OverflowError, OSError, ValueError):
            break  # keep the earlier pages, which can be read
        is_page[offset] = not _subfile_type(first_tag, encoding) & (THUMBNAIL | MASK)
        if len(is_page) > MAX_PAGES:
            raise ValueError(f"a TIFF of more than {MAX_PAGES:,} directories")
        offset = next_offset
    if not is_page:
        raise ValueError("a damaged TIFF: its directory cannot be read")
    return [offset for offset in is_page if is_page[offset]] or list(is_page)


def check_directory_size(file: BinaryIO, offset: int, encoding: Encoding) -> None:
    """Raise `ValueError` for a directory with too many tags or values, which take much memory.

    Values may overlap, so they may have twice the size of the file.
    """
    (count,) = encoding.tag_count.unpack(_read(file, offset, encoding.tag_count.size))
    size = file.seek(0, 2)
    if count > MAX_TAGS:
        raise ValueError(
            f"a damaged TIFF: its directory has {count:,} tags, more than {MAX_TAGS:,}"
        )
    table = _read(file, offset + encoding.tag_count.size, count * encoding.tag.size)
    value_bytes = sum(
        VALUE_BYTES.get(kind, 0) * number for _, kind, number in encoding.tag.iter_unpack(table)
    )
    if value_bytes > 2 * size:
        raise ValueError(f"a damaged TIFF: tags of {value_bytes:,} bytes in a file of {size:,}")


def single_page(data: bytes, offset: int, encoding: Encoding) -> bytes:
    """Return a TIFF, for Pillow, with one page: the page with its directory at `offset`."""
    page_data = bytearray(data)
    encoding.offset.pack_into(page_data, encoding.start, offset)
    (count,) = encoding.tag_count.unpack_from(data, offset)
    encoding.offset.pack_into(
        page_data, offset + encoding.tag_count.size + count * encoding.tag.size, 0
    )
    return bytes(page_data)


def _read(file: BinaryIO, offset: int, size: int) -> bytes:
    """Return a part of a file; raises `ValueError` if it is truncated."""
    file.seek(offset)
    data = file.read(size)
    if len(data) != size:
        raise ValueError("a damaged TIFF: its directory cannot be read")
    return data


def _subfile_type(first_entry: bytes, encoding: Encoding) -> int:
    """Return the value of NewSubfileType, or 0. Tags are sorted, so only the first can be 254."""
    tag, kind, _ = encoding.tag.unpack(first_entry)
    if tag != 254:
        return 0
    start = encoding.tag.size - encoding.offset.size
    (value,) = struct.unpack_from(
        encoding.byte_order + ("H" if kind == 3 else "I"), first_entry, start
    )
    return int(value)
