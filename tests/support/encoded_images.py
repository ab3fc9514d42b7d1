"""Pixels and headers of encoded images, a random photograph and a very long strip."""

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from translate.formats import Header
from translate.images.source import MAX_PIXELS, EncodedImage


def decode_bytes(
    data: bytes, *, channels: int = 3, frame: int = 0, max_pixels: int = MAX_PIXELS
) -> NDArray[Any]:
    """Return the pixels of a file with the content `data`."""
    return EncodedImage("x", data, max_pixels).decode(channels=channels, frame=frame)


def header_of(data: bytes, *, frame: int = 0, max_pixels: int = MAX_PIXELS) -> Header:
    """Return the header of a frame of a file with the content `data`."""
    return EncodedImage("x", data, max_pixels).header_of(frame)


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG file with its length and checksum."""
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def png_file(
    size: tuple[int, int], depth: int, colour_type: int, rows: bytes, before_rows: bytes = b""
) -> bytes:
    """Return a PNG file of compressed `rows`, with chunks `before_rows`."""
    height, width = size
    head = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    body = before_rows + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + body


def write_strip(path: Path, width: int) -> Path:
    """Write a black PNG of `width` by 1 pixels, which takes `width` / 1000 bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_file((1, width), 8, 0, zlib.compress(bytes(1 + width))))
    return path


def write_photo(path: Path) -> Path:
    """Write 40x32 random pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (32, 40, 3), np.uint8)).save(path)
    return path
