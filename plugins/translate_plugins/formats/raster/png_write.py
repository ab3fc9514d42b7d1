"""Encoder of PNG files of 8 and 16 bits: gray or RGB, with or without alpha.

Rows have the filter Up and are compressed by libdeflate. For photographs this is 9 times as fast as
Pillow, with files 13 % larger; OpenCV's fastest settings are 7 times as fast as Pillow, with files
24 % larger. Neither Pillow nor OpenCV writes gray with alpha in 16 bits.
"""

from struct import pack
from typing import Any
from zlib import compress, crc32

import numpy as np
from numpy.typing import NDArray

from translate.formats import Header
from translate_plugins.formats import metadata
from translate_plugins.formats.raster import png

COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""colour types by number of channels: gray, gray with alpha, RGB, RGB with alpha"""
FILTER_UP = 2
"""row filter: the difference from the row above"""
COMPRESSION_LEVEL = 1


def encode(pixels: NDArray[Any], like: Header) -> bytes:
    """Return the content of a PNG.

    Args:
        pixels: (H, W, 1 to 4), uint8 or uint16; the second or fourth channel is alpha.
        like: a header with the colour profile, EXIF data and XMP packet to write.
    """
    import imagecodecs

    height, width, channels = pixels.shape
    big_endian = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder(">"))
    pixel_bytes = big_endian.view(np.uint8).reshape(height, -1)
    rows = np.empty((height, 1 + pixel_bytes.shape[1]), np.uint8)
    rows[:, 0] = FILTER_UP
    rows[0, 1:] = pixel_bytes[0]
    np.subtract(pixel_bytes[1:], pixel_bytes[:-1], out=rows[1:, 1:])
    bits, colour_type = 8 * pixels.itemsize, COLOUR_TYPES[channels]
    compression, filter_method, interlace = 0, 0, 0  # deflate, a filter per row, none
    header = pack(
        ">IIBBBBB", width, height, bits, colour_type, compression, filter_method, interlace
    )
    compressed = bytes(imagecodecs.deflate_encode(rows.tobytes(), level=COMPRESSION_LEVEL))
    chunks = [
        _chunk(b"IHDR", header),
        *_metadata(metadata.options(like)),
        _chunk(b"IDAT", compressed),
        _chunk(b"IEND", b""),
    ]
    return b"".join([png.MAGIC, *chunks])


def _metadata(options: dict[str, bytes]) -> list[bytes]:
    """Return the chunks of the colour profile, EXIF data and XMP packet."""
    chunks = []
    if profile := options.get("icc_profile"):
        chunks.append(_chunk(b"iCCP", b"ICC profile\0\0" + compress(profile)))
    if exif := options.get("exif"):
        chunks.append(_chunk(b"eXIf", exif.removeprefix(b"Exif\0\0")))
    if xmp := options.get("xmp"):
        chunks.append(_chunk(b"iTXt", png.XMP_START + xmp))
    return chunks


def _chunk(kind: bytes, data: bytes) -> bytes:
    return b"".join([pack(">I", len(data)), kind, data, pack(">I", crc32(data, crc32(kind)))])
