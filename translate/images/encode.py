"""Encode images as files."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from torch import Tensor

from translate.engine.disk import files
from translate.images import metadata
from translate.images.decode import MAX_PIXELS
from translate.images.tensors import from_device


def read_metadata(
    data: bytes, path: Path, *, channels: int, private: bool, max_pixels: int = MAX_PIXELS
) -> dict[str, bytes]:
    """Return what `encode` may save beside an image of so many channels, of `data` from `path`.

    A colour profile says what the numbers mean, and stays true of a translation; what a camera
    wrote, the place among it, is `private`, and left out unless wanted.
    """
    return metadata.of(data, path, channels, max_pixels, private=private)


# -- writing ---------------------------------------------------------------------------------------

ENCODINGS: dict[str, dict[str, Any]] = {
    suffix: options
    for suffixes, options in (
        (".bmp", {"format": "BMP"}),
        (".jfif .jpe .jpeg .jpg", {"format": "JPEG", "quality": 95, "subsampling": 0}),
        (".pgm .pnm .ppm", {"format": "PPM"}),
        (".png", {"format": "PNG", "compress_level": 1}),
        (".tif .tiff", {"format": "TIFF"}),
        (".webp", {"format": "WEBP", "lossless": True}),
    )
    for suffix in suffixes.split()
}


def can_hold(suffix: str, channels: int = 3) -> bool:
    """Tell whether a file with this suffix can hold such bytes: without loss, JPEG aside."""
    return suffix.lower() in ENCODINGS and not (suffix.lower() == ".pgm" and channels == 3)


def encode_image(
    pixels: NDArray[np.uint8], suffix: str, beside: Mapping[str, bytes] | None = None
) -> bytes:
    """Return the content of a file with this suffix that shows (height, width, channels) bytes.

    A format that cannot hold what is `beside` leaves it out.
    """
    if not can_hold(suffix, pixels.shape[2]):
        raise ValueError(f"{suffix} cannot hold {pixels.shape[2]} channels")
    flat = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    buffer, options = BytesIO(), {**ENCODINGS[suffix.lower()], **(beside or {})}
    Pillow.fromarray(np.ascontiguousarray(flat)).save(buffer, **options)
    return buffer.getvalue()


def write_image(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write `pixels` as `path`, in the format of its suffix, whole or not at all."""
    files.replace(path, encode_image(pixels, path.suffix))


def image_grid(rows: Sequence[Tensor], *, gap: int = 2) -> NDArray[np.uint8]:
    """Return a contact sheet, RGB on white: a row for each (N, C, H, W) tensor in [-1, 1]."""
    cells = [list(from_device(row)) for row in rows]
    height, width = (max(c.shape[side] for row in cells for c in row) + gap for side in (0, 1))
    columns = max(len(row) for row in cells)
    sheet = np.full((height * len(rows) - gap, width * columns - gap, 3), 255, np.uint8)
    for y, row in enumerate(cells):
        for x, cell in enumerate(row):
            place = sheet[y * height :, x * width :]
            place[: cell.shape[0], : cell.shape[1]] = cell  # gray broadcasts to three channels
    return sheet
