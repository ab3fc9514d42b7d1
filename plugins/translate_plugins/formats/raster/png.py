"""PNG files: an encoder for 8 and 16 bits, and a check of checksums, which some decoders skip.

The encoder writes gray or RGB, with or without alpha. Its rows have the filter Up and are
compressed by libdeflate. For photographs this is 9 times as fast as Pillow, with files 13 % larger;
OpenCV's fastest settings are 7 times as fast as Pillow, with files 24 % larger. Neither Pillow nor
OpenCV writes gray with alpha in 16 bits.
"""

from struct import pack
from typing import Any
from zlib import compress, crc32

import numpy as np
from numpy.typing import NDArray

from translate.formats import Header
from translate_plugins.formats import metadata

MAGIC = b"\x89PNG\r\n\x1a\n"
PIXEL_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"fcTL", b"fdAT")
"""chunks that pixels depend on"""
XMP_START = b"XML:com.adobe.xmp\0\0\0\0\0"
"""start of an iTXt chunk with an uncompressed XMP packet"""
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""colour types by number of channels: gray, gray with alpha, RGB, RGB with alpha"""
FILTER_UP = 2
"""row filter: the difference from the row above"""
COMPRESSION_LEVEL = 1


def require_intact(data: bytes) -> None:
    """Raise `ValueError` for a PNG that is truncated or has a wrong checksum of its pixels.

    Pillow does not verify these checksums: it decodes the zeros that an interrupted write leaves to
    noise. OpenCV allocates as much memory as a chunk states as its length, even beyond the file.
    """
    if not data.startswith(MAGIC):
        return
    view, start, kind = memoryview(data), len(MAGIC), b""
    while kind != b"IEND":
        length = int.from_bytes(view[start : start + 4], "big")
        kind, end = bytes(view[start + 4 : start + 8]), start + 12 + length
        if end > len(data):
            raise ValueError("a truncated PNG")
        checksum = int.from_bytes(view[end - 4 : end], "big")
        if kind in PIXEL_CHUNKS and crc32(view[start + 4 : end - 4]) != checksum:
            raise ValueError(f"a damaged PNG: the checksum of its {kind.decode()} is wrong")
        start = end


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
    return b"".join([MAGIC, *chunks])


def _metadata(options: dict[str, bytes]) -> list[bytes]:
    """Return the chunks of the colour profile, EXIF data and XMP packet."""
    chunks = []
    if profile := options.get("icc_profile"):
        chunks.append(_chunk(b"iCCP", b"ICC profile\0\0" + compress(profile)))
    if exif := options.get("exif"):
        chunks.append(_chunk(b"eXIf", exif.removeprefix(b"Exif\0\0")))
    if xmp := options.get("xmp"):
        chunks.append(_chunk(b"iTXt", XMP_START + xmp))
    return chunks


def _chunk(kind: bytes, data: bytes) -> bytes:
    return b"".join([pack(">I", len(data)), kind, data, pack(">I", crc32(data, crc32(kind)))])
