"""Random images and an image of six squares, encoded and decoded."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from translate.images.source import read_image

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
SIX_SQUARES = np.array([[RED, GREEN, BLUE], [BLUE, WHITE, RED]], np.uint8).repeat(8, 0).repeat(8, 1)
"""Two rows of three 8x8 squares; every rotation and mirroring changes this image."""


def noise(*shape: int, dtype: Any = np.uint8, seed: int = 0) -> NDArray[Any]:
    """Return random numbers over the whole range of an integer `dtype`, the same for a `seed`."""
    top = np.iinfo(dtype).max
    return np.random.default_rng(seed).integers(0, top, shape, dtype, endpoint=True)


def encode(image: Image.Image | NDArray[Any], file_format: str = "PNG", **options: Any) -> bytes:
    """Return the bytes of an image file; `options` are those of Pillow's `save`."""
    buffer = BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def decode(data: bytes, folder: Path, channels: int = 3) -> NDArray[Any]:
    """Write `data` as a file in `folder`, and return the pixels that `read_image` reads."""
    path = folder / "image"
    path.write_bytes(data)
    return read_image(path, channels=channels)
