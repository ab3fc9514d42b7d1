"""Levels of intensity, and the numbers of networks: arithmetic on arrays and tensors alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from translate.batches import Domain
from translate.images.layers import Pixels

if TYPE_CHECKING:
    from torch import Tensor

Floats = TypeVar("Floats", "Tensor", NDArray[np.float32])
UNNAMED = Domain("")
LARGEST: Mapping[str, float] = {"uint8": 255, "uint16": 65535, "float32": 1}
"""The number of the brightest intensity in each type."""


def to_unit(levels: Floats, dtype: str, domain: Domain = UNNAMED) -> Floats:
    """Map levels to [-1, 1], in place.

    Args:
        levels: float32, which were read as the type `dtype`. Numbers of another type than the
            domain's are taken in proportion: 65535 of uint16 is 255 of uint8.
        dtype: The NumPy name of that type.
        domain: Its `range` becomes [-1, 1].
    """
    low, half = _low_and_half(domain, dtype)
    if low:
        levels -= low
    levels /= half
    levels -= 1
    return levels


def from_unit(values: Floats, dtype: str, domain: Domain = UNNAMED) -> Floats:
    """Return levels of the type `dtype` for [-1, 1], clamped: the inverse of `to_unit`."""
    low, half = _low_and_half(domain, dtype)
    levels = values.clip(-1, 1)
    levels += 1
    levels *= half
    if low:
        levels += low
    return levels


def _low_and_half(domain: Domain, dtype: str) -> tuple[float, float]:
    """Return the lower end and half the length of a domain's range, in levels of `dtype`."""
    low, high = (end * LARGEST[dtype] / LARGEST[domain.dtype] for end in domain.range)
    return low, (high - low) / 2


def network_array(pixels: Pixels, domain: Domain) -> NDArray[np.float32]:
    """Return one image, and its mask where it has one, as the input of a network.

    Args:
        pixels: (H, W, C); a channel after those of the domain is a mask, 255 (of 8 bits) or 0.
        domain: Its `range` becomes [-1, 1].

    Returns:
        (1, C, H, W): the image in [-1, 1], the mask of 1 and -1 whatever the range is.
    """
    dtype = pixels.dtype.name
    floats = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32)
    floats = floats.copy() if pixels.dtype == np.float32 else floats
    to_unit(floats[:, : domain.channels], dtype, domain)
    to_unit(floats[:, domain.channels :], dtype)
    return floats


def image_bytes(values: NDArray[np.float32], domain: Domain) -> NDArray[np.uint8]:
    """Return (N, C, H, W) in [-1, 1], finite, as (N, H, W, C) in 8 bits, rounded."""
    levels = np.rint(from_unit(values, "uint8", domain)).astype(np.uint8)
    return np.ascontiguousarray(levels.transpose(0, 2, 3, 1))


def image_floats(values: NDArray[np.float32], domain: Domain) -> NDArray[np.float32]:
    """Return (N, C, H, W) in [-1, 1], finite, as (N, H, W, C) in [0, 1]."""
    return np.ascontiguousarray(from_unit(values, "float32", domain).transpose(0, 2, 3, 1))


def to_uint8(pixels: Pixels) -> NDArray[np.uint8]:
    """Return `pixels` in eight bits: sixteen-bit ones rounded to the nearest of 256 levels."""
    return pixels if pixels.dtype == np.uint8 else _bytes(pixels / 257)


def _bytes(levels: NDArray[Any]) -> NDArray[np.uint8]:
    return np.rint(levels).astype(np.uint8)
