"""Label maps: images whose pixel values are classes, so that no new values may be created.

=====================  =============================================================================
content of a file      how it is read
=====================  =============================================================================
a palette              with one channel as its indices, with three as its colours
values in 16 bits      as they are; above 255 they are refused
colours in 16 bits     in 8 bits if no two colours become equal; else refused
colours                with three channels as they are; with one channel they are refused
transparency           is ignored, as blending would create other colours
anything else          as a photograph: `translate.images.source`
=====================  =============================================================================
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.errors import BadImage
from translate.images.layers import Layers, guarded, with_channels


def labels_from_layers(layers: Layers, path: Path, channels: int) -> NDArray[np.uint8]:
    """Return a label map as (height, width, channels) bytes, one channel for class indices.

    Raises `BadImage` for the file at `path`.
    """
    pixels = layers.pixels
    if layers.indices is not None and channels == 1:
        pixels = layers.indices
    if pixels.dtype != np.uint8:
        pixels = _to_uint8(pixels, path)
    if pixels.ndim == 3 and channels == 1:
        with guarded(path):
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


def _to_uint8(pixels: NDArray[Any], path: Path) -> NDArray[np.uint8]:
    if pixels.ndim == 2:
        if (largest := float(pixels.max())) > 255:
            raise BadImage(
                path, f"a label map with values up to {largest:g}: expected classes from 0 to 255"
            )
        if (pixels < 0).any() or (pixels % 1).any():
            raise BadImage(
                path,
                "a label map with values that are not classes: expected integers from 0 to 255",
            )
        return pixels.astype(np.uint8)
    if pixels.dtype != np.uint16:
        raise BadImage(path, f"a label map of colours in {pixels.dtype}: expected 8 or 16 bits")
    if (pixels % 257).any():
        raise BadImage(
            path, "a label map of 16-bit colours, some of which would be equal in 8 bits: save it "
            "with 8 bits, or as a palette image"
        )  # fmt: skip
    return (pixels // 257).astype(np.uint8)
