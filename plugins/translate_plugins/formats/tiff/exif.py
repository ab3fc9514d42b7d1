"""EXIF data in a TIFF: descriptive tags, and the separate directories of camera and GPS data."""

import struct
from typing import Any

from PIL import ExifTags, Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from translate_plugins.formats.metadata import DESCRIPTIVE
from translate_plugins.formats.tiff import directories

DIRECTORIES = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
ASCII, LONG = 2, 4


def tags(exif: bytes) -> list[tuple[int, int, int, Any, bool]]:
    """Return the descriptive tags in EXIF data for `tifffile`."""
    values = _parse(exif)
    texts = [(tag, str(values[tag]).encode()) for tag in DESCRIPTIVE if tag in values]
    return [(tag, ASCII, len(text) + 1, text + b"\0", True) for tag, text in texts]


def add_directories(data: bytes, exif: bytes) -> bytes:
    """Return a TIFF of one page with camera and GPS directories, which `tifffile` does not write.

    A BigTIFF is returned unchanged.
    """
    numbers, values = directories.encoding_of(data), _parse(exif)
    present = [name for name in DIRECTORIES if values.get_ifd(name)]
    if directories.is_big(data) or not present:
        return data
    (start,) = numbers.offset.unpack_from(data, numbers.start)
    (count,) = numbers.tag_count.unpack_from(data, start)
    size, first = numbers.tag.size, start + numbers.tag_count.size
    entries = [data[at : at + size] for at in range(first, first + count * size, size)]
    result = bytearray(data)
    for name in present:
        result += b"\0" * (len(result) % 2)
        entries.append(struct.pack(f"{numbers.order}HHII", int(name), LONG, 1, len(result)))
        directory = ImageFileDirectory_v2(data[:4] + bytes(4))
        directory.update(values.get_ifd(name))
        result += directory.tobytes(len(result))
    result += b"\0" * (len(result) % 2)
    numbers.offset.pack_into(result, numbers.start, len(result))
    entries.sort(key=lambda entry: struct.unpack_from(f"{numbers.order}H", entry))
    result += numbers.tag_count.pack(len(entries)) + b"".join(entries) + numbers.offset.pack(0)
    return bytes(result)


def _parse(exif: bytes) -> Image.Exif:
    values = Image.Exif()
    values.load(exif)
    return values
