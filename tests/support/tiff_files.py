"""TIFF files of every type, and the tags and values in them."""

import struct
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from translate.images import masks
from translate.images.layers import Layers
from translate.images.source import EncodedImage

UNCHANGED_DTYPES = {"u1": "uint8", "u2": "uint16", "i2": "int16", "f4": "float32"}
"""types that are read as the same type"""
WIDER_DTYPES = {"i1": "int16", "u4": "float32", "i4": "float32", "u8": "float32", "f2": "float32",
         "f8": "float32"}  # fmt: skip
BANDS: list[tuple[int, str, tuple[int, ...] | None]] = [
    (1, "minisblack", None), (2, "minisblack", (0,)), (2, "minisblack", (2,)), (3, "rgb", None),
    (4, "rgb", (0,)), (4, "rgb", (2,)), (5, "minisblack", (0,) * 4), (7, "rgb", (0,) * 4),
    (64, "minisblack", (0,) * 63),
]  # fmt: skip
STORAGE: list[dict[str, Any]] = [
    {}, {"byteorder": ">"}, {"compression": "zlib", "predictor": True}, {"tile": (16, 16)},
    {"bigtiff": True, "byteorder": ">"}, {"compression": "lzw", "rowsperstrip": 7},
    {"compression": "zstd", "tile": (32, 16)}, {"compression": "packbits"},
    {"compression": "lzma"}, {"rowsperstrip": 3},
]  # fmt: skip
UNCOMPARED_TAGS = (273, 279, 305, 324, 325)
"""tags of the positions and lengths of blocks, and of the program"""


def random_values(kind: str, bands: int) -> NDArray[Any]:
    """Return (18, 33, bands) random numbers over the whole range of a type."""
    random, dtype = np.random.default_rng(0), np.dtype(kind)
    if dtype.kind == "f":
        return random.random((18, 33, bands)).astype(dtype)
    ends = np.iinfo(dtype)
    return random.integers(ends.min, ends.max, (18, 33, bands), dtype, endpoint=True)


TILE = 16
"""side of a tile in pixels"""


def split_into_tiles(pixels: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield the tiles (TILE, TILE, channels) of an image in row-major order, padded with zeros."""
    height, width, _ = pixels.shape
    padded = np.pad(pixels, ((0, -height % TILE), (0, -width % TILE), (0, 0)))
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            yield padded[top : top + TILE, left : left + TILE]


def encode_tiff(values: NDArray[Any], **options: Any) -> bytes:
    """Return the TIFF that tifffile writes for values (height, width[, bands])."""
    buffer = BytesIO()
    values = values[..., 0] if values.shape[2:] == (1,) else values
    tifffile.imwrite(buffer, np.ascontiguousarray(values), metadata=None, **options)
    return buffer.getvalue()


def encode_bands(
    values: NDArray[Any], bands: tuple[int, str, Any], planar: str, **options: Any
) -> bytes:
    """Return a TIFF of (height, width, bands) values."""
    count, photometric, extra = bands
    if count > 1:
        options |= {"extrasamples": extra, "planarconfig": planar}
    values = np.moveaxis(values, -1, 0) if planar == "separate" else values
    return encode_tiff(values, photometric=photometric, **options)


def tags_of(data: bytes) -> dict[int, Any]:
    """Return the tags of the first page, and the byte order and BigTIFF as tag 0."""
    with tifffile.TiffFile(BytesIO(data)) as file:
        tags = {
            tag.code: tag.value for tag in file.pages[0].tags if tag.code not in UNCOMPARED_TAGS
        }
        return {**tags, 0: (file.byteorder, file.is_bigtiff)}


def all_bands(layers: Layers) -> NDArray[Any]:
    """Return pixels (height, width, bands), with alpha as the last band."""
    pixels = layers.pixels if layers.pixels.ndim == 3 else layers.pixels[..., None]
    return pixels if layers.alpha is None else np.dstack([pixels, layers.alpha])


def hole_of(data: bytes) -> NDArray[np.uint8]:
    """Return the mask of a TIFF, in which transparent pixels are the hole."""
    return masks.hole_from_alpha(EncodedImage("x.tif", data).decode_layers(), Path("x.tif"))


def pack_bits(values: NDArray[Any], bits: int) -> bytes:
    """Return rows of values of `bits` bits, each row padded to whole bytes."""
    rows = []
    for row in values.reshape(len(values), -1):
        text = "".join(f"{int(value):0{bits}b}" for value in row)
        text += "0" * (-len(text) % 8)
        rows.append(int(text, 2).to_bytes(len(text) // 8, "big"))
    return b"".join(rows)


def tiff_from_tags(
    tags: dict[int, Sequence[int]], pixels: bytes, size: tuple[int, int], order: str = "<"
) -> bytes:
    """Return a TIFF of one page with these tags, all of the type SHORT."""
    height, width = size
    start = 8
    required = {
        256: [width],
        257: [height],
        259: [1],
        278: [height],
        273: [start],
        279: [len(pixels)],
    }
    pixels += b"\0" * (len(pixels) % 2)
    position = start + len(pixels)
    entries, long_values = b"", b""
    tags_sorted = sorted({**required, **tags}.items())
    after = position + 2 + 12 * len(tags_sorted) + 4
    for tag, values in tags_sorted:
        raw = struct.pack(f"{order}{len(values)}H", *values)
        if len(raw) > 4:
            value = struct.pack(f"{order}I", after + len(long_values))
            long_values += raw
        else:
            value = raw.ljust(4, b"\0")
        entries += struct.pack(f"{order}HHI", tag, 3, len(values)) + value
    begin = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", position)
    return (
        begin
        + pixels
        + struct.pack(f"{order}H", len(tags_sorted))
        + entries
        + b"\0" * 4
        + long_values
    )


def tiff_of_pages(count: int, *, loop: bool = False) -> bytes:
    """Return a TIFF of `count` pages that share the pixels of the first."""
    data = bytearray(tiff_from_tags({258: [8], 262: [1], 277: [1]}, bytes(range(6)), (2, 3)))
    (first,) = struct.unpack_from("<I", data, 4)
    directory = bytes(data[first : len(data) - 4])
    for _ in range(count - 1):
        data[-4:] = struct.pack("<I", len(data))
        data += directory + b"\0" * 4
    if loop:
        data[-4:] = struct.pack("<I", first)
    return bytes(data)
