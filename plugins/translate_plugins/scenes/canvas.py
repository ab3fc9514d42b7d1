"""A canvas that gives equal pixels on every machine.

Coordinates are those of the image, 256x256, which is drawn at twice this size and scaled down.
Rasterization only uses integers: coordinates in fixed point, and alpha in 1/65536.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 256
"""height and width of images"""
SCALE = 2
"""size of the canvas relative to the image"""
SHIFT = 4
"""fractional bits of coordinates, see OpenCV's `fillPoly`"""
RGB = tuple[int, int, int]
Point = tuple[float, float]
Outline = Sequence[Point]
Bytes = NDArray[np.uint8]


class Gradient(NamedTuple):
    """Colours and alpha values at the top and the bottom of a shape."""

    top: RGB
    bottom: RGB
    alpha: tuple[float, float] = (1.0, 1.0)


class Canvas:
    """An image that shapes are drawn on, with a line type of OpenCV."""

    def __init__(self, line_type: int = cv2.LINE_AA) -> None:
        self.pixels: Bytes = np.zeros((SIDE * SCALE, SIDE * SCALE, 3), np.uint8)
        self.line_type = line_type

    def band(self, top: float, bottom: float, paint: Gradient) -> None:
        """Fill all rows between two heights."""
        first, last = round(top * SCALE), round(bottom * SCALE)
        self.pixels[first:last] = _gradient(paint.top, paint.bottom, last - first)[:, None]

    def fill(self, outline: Outline, paint: RGB | Gradient) -> None:
        corners = _fixed(outline)
        if not isinstance(paint, Gradient):
            cv2.fillPoly(self.pixels, [corners], paint, self.line_type, SHIFT)
            return
        left, top = (corners.min(axis=0) >> SHIFT) - 1
        right, bottom = (corners.max(axis=0) >> SHIFT) + 2
        x, y = max(left, 0), max(top, 0)
        under = self.pixels[y : max(bottom, 0), x : max(right, 0)]
        if under.size:
            mask = np.zeros(under.shape[:2], np.uint8)
            offset = np.array([x, y]) << SHIFT
            cv2.fillPoly(mask, [corners - offset], 255, self.line_type, SHIFT)
            rows = slice(y - top, y - top + len(under))
            colours = _gradient(paint.top, paint.bottom, bottom - top)[rows, None]
            _blend_(under, colours, mask * _alpha_gradient(paint.alpha, bottom - top)[rows, None])

    def stroke(self, line: Outline, colour: RGB, width: float) -> None:
        thick = max(1, round(width * SCALE))
        cv2.polylines(self.pixels, [_fixed(line)], False, colour, thick, self.line_type, SHIFT)

    def glow(self, centre: Point, radius: float, colour: RGB, alpha: float) -> None:
        """Blend a colour around a point, with `alpha` at the centre and 0 at `radius`."""
        r = round(radius * SCALE)
        x, y = (round(value * SCALE) for value in centre)
        rows = np.arange(max(y - r, 0), min(y + r, SIDE * SCALE))
        columns = np.arange(max(x - r, 0), min(x + r, SIDE * SCALE))
        squared_distance = (rows[:, None] - y) ** 2 + (columns - x) ** 2
        falloff = np.maximum(1024 - squared_distance * 1024 // r**2, 0)
        weights = (falloff * falloff * round(alpha * 256) >> 12).astype(np.int32)
        under = self.pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        _blend_(under, np.array(colour, np.int32), weights)

    def image(self) -> Bytes:
        """Return the image, (256, 256, 3) uint8, scaled down by the mean of 2x2 pixels."""
        pixels = self.pixels.astype(np.uint16)
        pairs = pixels[0::2] + pixels[1::2]
        return ((pairs[:, 0::2] + pairs[:, 1::2] + 2) >> 2).astype(np.uint8)


def ellipse(x: float, y: float, rx: float, ry: float, corners: int = 40) -> list[Point]:
    """Return the corners of a polygon with the centre (x, y) and the radii `rx` and `ry`."""
    angles = [2 * math.pi * corner / corners for corner in range(corners)]
    return [point(x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles]


def point(x: float, y: float) -> Point:
    """Return a rounded point, so that it does not depend on the machine's math library."""
    return round(x, 2), round(y, 2)


def _fixed(outline: Outline) -> NDArray[np.int32]:
    unit = SCALE << SHIFT
    return np.array([[round(x * unit), round(y * unit)] for x, y in outline], np.int32)


def _gradient(top: RGB, bottom: RGB, rows: int) -> NDArray[np.int32]:
    first, last = np.array(top, np.int32), np.array(bottom, np.int32)
    return first + (last - first) * np.arange(rows, dtype=np.int32)[:, None] // max(rows - 1, 1)


def _alpha_gradient(alpha: tuple[float, float], rows: int) -> NDArray[np.int32]:
    first, last = (round(value * 257) for value in alpha)
    return first + (last - first) * np.arange(rows, dtype=np.int32) // max(rows - 1, 1)


def _blend_(under: Bytes, colours: NDArray[np.int32], weights: NDArray[np.int32]) -> None:
    """Composite `colours` over `under` in place; weights are from 0 to 65535."""
    alpha = (weights + (weights >> 15))[..., None]  # 0 to 65536
    under[:] = (under * (65536 - alpha) + colours * alpha + 32768) >> 16
