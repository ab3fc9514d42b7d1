"""Levels of intensity as arrays, without PyTorch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.images.layers import Pixels


def to_uint8(pixels: Pixels) -> NDArray[np.uint8]:
    """Return `pixels` in eight bits: sixteen-bit ones rounded to the nearest of 256 levels."""
    return pixels if pixels.dtype == np.uint8 else _bytes(pixels / 257)


def _bytes(levels: NDArray[Any]) -> NDArray[np.uint8]:
    return np.rint(levels).astype(np.uint8)
