"""EXIF data in a TIFF: descriptive tags, and the separate directories of camera and GPS data."""

import struct

from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from translate_plugins.formats.metadata import DESCRIPTIVE_TAGS, EXIF_DIRECTORIES
from translate_plugins.formats.tiff import directories
from translate_plugins.formats.tiff.tags import Tag

ASCII, LONG = 2, 4
"""types of a tag's values"""


def descriptive_tags(exif: bytes) -> list[Tag]:
    """Return the descriptive tags in EXIF data."""
    values = _parse(exif)
    texts = [(tag, str(values[tag]).encode()) for tag in DESCRIPTIVE_TAGS if tag in values]
    return [Tag(tag, ASCII, len(text) + 1, text + b"\0") for tag, text in texts]


def add_directories(data: bytes, exif: bytes) -> bytes:
    """Return a TIFF of one page with camera and GPS directories, which `tifffile` does not write.

    A BigTIFF is returned unchanged.
    """
    encoding, values = directories.encoding_of(data), _parse(exif)
    present = [name for name in EXIF_DIRECTORIES if values.get_ifd(name)]
    if directories.is_big(data) or not present:
        return data
    (start,) = encoding.offset.unpack_from(data, encoding.start)
    (count,) = encoding.tag_count.unpack_from(data, start)
    size, first = encoding.tag.size, start + encoding.tag_count.size
    entries = [data[offset : offset + size] for offset in range(first, first + count * size, size)]
    result = bytearray(data)
    for name in present:
        result += b"\0" * (len(result) % 2)  # directories have even offsets
        entries.append(struct.pack(f"{encoding.byte_order}HHII", int(name), LONG, 1, len(result)))
        directory = ImageFileDirectory_v2(data[:4] + bytes(4))
        directory.update(values.get_ifd(name))
        result += directory.tobytes(len(result))
    result += b"\0" * (len(result) % 2)
    encoding.offset.pack_into(result, encoding.start, len(result))
    entries.sort(key=lambda entry: struct.unpack_from(f"{encoding.byte_order}H", entry))
    result += encoding.tag_count.pack(len(entries)) + b"".join(entries) + encoding.offset.pack(0)
    return bytes(result)


def _parse(exif: bytes) -> Image.Exif:
    values = Image.Exif()
    values.load(exif)
    return values
