"""Label maps: images whose values name classes, so that none may appear that is not in the file.

=====================  =============================================================================
what a file holds      what it becomes
=====================  =============================================================================
a palette              with one channel its indices, with three its colours
numbers in 16 bits     the same numbers; above 255 they are refused
colours in 16 bits     8 bits, where that merges no two of them; else refused
colours                with three channels the same; with one channel they are refused
transparency           is ignored, as blending would make other colours
all else               as of a photograph: `translate.images.source`
=====================  =============================================================================
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.errors import BadImage
from translate.images.layers import Layers, guarded, with_channels


def labels_from_layers(layers: Layers, path: Path, channels: int) -> NDArray[np.uint8]:
    """Return a label map as (height, width, channels) bytes.

    Args:
        layers: its pixels, as those of a photograph.
        path: its name in a `BadImage`.
        channels: 1 for the numbers of classes, 3 for colours.
    """
    pixels = layers.pixels
    if layers.indices is not None and channels == 1:
        pixels = layers.indices
    if pixels.dtype != np.uint8:
        pixels = _to_uint8(pixels, path)
    if pixels.ndim == 3 and channels == 1:
        with guarded(path):
            pixels = class_numbers(pixels)[..., 0]
    return with_channels(pixels, channels)


def class_numbers(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return the numbers of (height, width, 3) `pixels` without colour as (height, width, 1).

    Raises `ValueError` for others, of which some would be alike.
    """
    if (pixels != pixels[..., :1]).any():
        raise ValueError(
            "a label map in colours, and its domain has one channel, in which some would be alike: "
            "give the domain three channels, or save palette images"
        )
    return pixels[..., :1]


def _to_uint8(pixels: NDArray[Any], path: Path) -> NDArray[np.uint8]:
    if pixels.ndim == 2:
        if (largest := float(pixels.max())) > 255:
            raise BadImage(
                path, f"a label map with numbers up to {largest:g}: expected classes from 0 to 255"
            )
        if (pixels < 0).any() or (pixels % 1).any():
            raise BadImage(
                path, "a label map of numbers that are no classes: expected integers from 0 to 255"
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
