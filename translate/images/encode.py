"""Encode images as files."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from translate.engine.disk import files
from translate.formats import Header
from translate.images import format_registry


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
