"""Encode images as files."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from translate.engine.disk import files
from translate.formats import Header
from translate.images import format_registry
from translate.images.tensors import from_device


def encode_image(pixels: NDArray[np.uint8], suffix: str, like: Header | None = None) -> bytes:
    """Return the content of an image file.

    Args:
        pixels: (H, W, C), uint8.
        suffix: The suffix of the format, such as ``.png``.
        like: Header of the image whose metadata the file gets, such as its colour profile.

    Raises:
        ValueError: The format cannot hold this number of channels.
    """
    channels = pixels.shape[2]
    writer = format_registry.writer_of(suffix)
    if writer is None or not format_registry.can_hold(suffix, channels):
        raise ValueError(f"{suffix} cannot hold {channels} channels")
    return writer.format.write(pixels, like or Header(format=writer.name, size=pixels.shape[:2]))


def write_image(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write an image file atomically.

    Args:
        path: The file; its suffix determines the format.
        pixels: (H, W, C), uint8.
    """
    files.replace(path, encode_image(pixels, path.suffix))


def image_grid(rows: Sequence[Tensor], *, gap: int = 2) -> NDArray[np.uint8]:
    """Return rows of images on one sheet, RGB on white.

    Args:
        rows: (N, C, H, W) in [-1, 1] each.
        gap: Pixels between images.

    Returns:
        (H, W, 3), uint8.
    """
    cells = [list(from_device(row)) for row in rows]
    height, width = (max(c.shape[side] for row in cells for c in row) + gap for side in (0, 1))
    columns = max(len(row) for row in cells)
    sheet = np.full((height * len(rows) - gap, width * columns - gap, 3), 255, np.uint8)
    for y, row in enumerate(cells):
        for x, cell in enumerate(row):
            place = sheet[y * height :, x * width :]
            place[: cell.shape[0], : cell.shape[1]] = cell  # gray broadcasts to three channels
    return sheet
