"""Map pixel values to the range [-1, 1] of networks and back, for arrays and tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from translate.batches import FULL_RANGES, UNNAMED, Domain
from translate.formats import Note
from translate.images.layers import Pixels

if TYPE_CHECKING:
    from torch import Tensor

Floats = TypeVar("Floats", "Tensor", NDArray[np.float32])
TOLERANCE = 1e-5
"""how far outputs may exceed [-1, 1] uncounted: less than half a level of 16 bits"""
WHITE_LEVEL: Mapping[str, float] = {name: high for name, (_, high) in FULL_RANGES.items()}
"""the pixel value of white in each dtype"""


def to_network_range(levels: Floats, dtype: str, domain: Domain = UNNAMED) -> Floats:
    """Map pixel values to [-1, 1], in place; values outside the range are clipped.

    Args:
        levels: Pixel values as float32.
        dtype: The dtype that the pixel values had. If it is not the domain's, they are scaled:
            65535 in uint16 is 255 in uint8.
        domain: The domain; its `range` is mapped to [-1, 1].
    """
    low, half_length = _low_and_half_length(domain, dtype)
    if low:
        levels -= low
    levels /= half_length
    levels -= 1
    # the full range of an integer dtype has no values outside
    if domain.dtype == "float32" or domain.range != FULL_RANGES[domain.dtype]:
        levels[levels > 1] = 1
        levels[levels < -1] = -1
    return levels


def from_network_range(values: Floats, dtype: str, domain: Domain = UNNAMED) -> Floats:
    """Return pixel values in levels of `dtype`, clamped: the inverse of `to_network_range`."""
    low, half_length = _low_and_half_length(domain, dtype)
    levels = values.clip(-1, 1)
    levels += 1
    levels *= half_length
    if low:
        levels += low
    return levels


def _low_and_half_length(domain: Domain, dtype: str) -> tuple[float, float]:
    """Return the lower end and half the length of a domain's range, in levels of `dtype`."""
    low, high = (end * WHITE_LEVEL[dtype] / WHITE_LEVEL[domain.dtype] for end in domain.range)
    return low, (high - low) / 2


def network_input_array(pixels: Pixels, domain: Domain) -> NDArray[np.float32]:
    """Return one image as the input of a network, as `translate.images.tensors.network_input`."""
    dtype = pixels.dtype.name
    floats = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32)
    floats = floats.copy() if pixels.dtype == np.float32 else floats
    to_network_range(floats[:, : domain.channels], dtype, domain)
    to_network_range(floats[:, domain.channels :], dtype)
    return floats


def network_output_pixels(
    values: NDArray[np.float32], domain: Domain, dtype: str = ""
) -> NDArray[Any]:
    """Return the output of a network as pixels, as `translate.images.tensors.from_device` does."""
    dtype = dtype or domain.dtype
    levels = from_network_range(values, dtype, domain)
    if dtype != "float32":
        limits = np.iinfo(dtype)
        levels = np.rint(levels).clip(limits.min, limits.max).astype(dtype)
    return np.ascontiguousarray(levels.transpose(0, 2, 3, 1))


def scale_dtype(pixels: Pixels, dtype: str) -> Pixels:
    """Return intensities in another dtype, scaled so that white stays white; integers rounded."""
    if pixels.dtype == dtype:
        return pixels
    if (pixels.dtype.name, dtype) == ("uint8", "uint16"):
        return pixels.astype(np.uint16) * np.uint16(257)
    scale = WHITE_LEVEL[dtype] / WHITE_LEVEL[pixels.dtype.name]
    if dtype == "float32":
        return pixels.astype(np.float32) * np.float32(scale)
    levels = pixels / 257 if (pixels.dtype.name, dtype) == ("uint16", "uint8") else pixels * scale
    return np.rint(levels.clip(*FULL_RANGES[dtype])).astype(dtype)


def is_photographic(domain: Domain) -> bool:
    """Return whether pixel values are intensities, which may be scaled to another bit depth."""
    return domain.dtype != "int16" and domain.range == FULL_RANGES[domain.dtype] and not domain.unit


def saturation(pixels: Pixels, domain: Domain) -> tuple[float, float]:
    """Return the fractions of `pixels` below and above the domain's range, which are clipped."""
    if domain.labels or is_photographic(domain) or pixels.dtype.name != domain.dtype:
        return 0.0, 0.0
    low, high = domain.range
    return float((pixels < low).mean()), float((pixels > high).mean())


def describe_saturation(fractions: tuple[float, float], domain: Domain) -> str:
    """Return the result of `saturation` in words; empty if nothing is clipped."""
    return " and ".join(
        f"{max(100 * fraction, 0.1):.1f} % of {domain.name or 'the domain'} {side} {end:g}"
        for fraction, side, end in zip(fractions, ("below", "above"), domain.range, strict=True)
        if fraction
    )


def clipping_notes(fractions: tuple[float, float], domain: Domain) -> tuple[Note, ...]:
    """Return a note on the result of `saturation`; none if nothing is clipped."""
    text = describe_saturation(fractions, domain)
    return (Note("saturation", f"{text}: clipped"),) if text else ()


class ClippedNumbers:
    """Counts the values of outputs that are outside the domain's range, and so are clipped.

    Nothing is counted for photographs and label maps, as in `saturation`.
    """

    def __init__(self, domain: Domain) -> None:
        self._counts = not (domain.labels or is_photographic(domain))
        self._domain = replace(domain, name=f"output {domain.name}".rstrip())
        self._below = self._above = self._total = 0

    def add(self, values: Floats) -> None:
        """Count the values of an output, or of a part of it, that are outside [-1, 1]."""
        if self._counts:
            self._below += int((values < -1 - TOLERANCE).sum())
            self._above += int((values > 1 + TOLERANCE).sum())
            self._total += prod(values.shape)

    def notes(self) -> tuple[Note, ...]:
        """Return a note if any value was clipped."""
        total = self._total or 1
        return clipping_notes((self._below / total, self._above / total), self._domain)


def is_gray(pixels: Pixels) -> bool:
    """Return whether there is no colour in `pixels`, (height, width, 1 or 3).

    Channels may differ by one of 255 levels, as they do in gray images of lossy WebP or AVIF.
    """
    level = 1 / 250 if pixels.dtype == np.float32 else np.iinfo(pixels.dtype).max // 255
    first, *further = cv2.split(np.ascontiguousarray(pixels))
    return all(cv2.absdiff(first, channel).max() <= level for channel in further)
