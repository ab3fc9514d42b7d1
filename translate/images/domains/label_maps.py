"""Label maps: images with classes as pixel values, so that no new values may be created.

=====================  =============================================================================
content of a file      how it is read, as one channel of class indices or as three of colours
=====================  =============================================================================
a palette              its indices, or its colours
gray of 16 bits        unchanged; values above 255 are refused
colours                unchanged; refused for one channel, unless they are gray
colours of 16 bits     converted to 8 bits; refused if two colours could become equal
alpha channel          ignored, as compositing would create other colours
anything else          as a photograph: `translate.images.source`
=====================  =============================================================================
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.images.layers import Layers, errors_as_bad_image, with_channels


def labels_from_layers(layers: Layers, path: Path, channels: int) -> NDArray[np.uint8]:
    """Return a label map as (height, width, channels) bytes; one channel has class indices.

    Raises `BadImage` for the file at `path`.
    """
    pixels = layers.pixels
    if layers.indices is not None and channels == 1:
        pixels = layers.indices
    with errors_as_bad_image(path):
        if pixels.dtype != np.uint8:
            pixels = _to_uint8(pixels)
        if pixels.ndim == 3 and channels == 1:
            pixels = class_indices(pixels)[..., 0]
    return with_channels(pixels, channels)


def class_indices(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return gray `pixels`, (height, width, 3), as class indices (height, width, 1).

    Raises `ValueError` for colours, as several would become the same index.
    """
    if (pixels != pixels[..., :1]).any():
        raise ValueError(
            "a label map in colours, and its domain has one channel, in which several classes "
            "would become equal: give the domain three channels, or save palette images"
        )
    return pixels[..., :1]


def _to_uint8(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return gray or RGB pixels as bytes; raises `ValueError` if classes could become equal."""
    if pixels.ndim == 2:
        if (largest := float(pixels.max())) > 255:
            raise ValueError(
                f"a label map with values up to {largest:g}: expected classes from 0 to 255"
            )
        if (pixels < 0).any() or (pixels % 1).any():
            expected = "expected integers from 0 to 255"
            raise ValueError(f"a label map with values that are not classes: {expected}")
        return pixels.astype(np.uint8)
    if pixels.dtype != np.uint16:
        raise ValueError(f"a label map of colours in {pixels.dtype}: expected 8 or 16 bits")
    if (pixels % 257).any():
        raise ValueError(
            "a label map of 16-bit colours, some of which would be equal in 8 bits: save it with "
            "8 bits, or as a palette image"
        )
    return (pixels // 257).astype(np.uint8)
