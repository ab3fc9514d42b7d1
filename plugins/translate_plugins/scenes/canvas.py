"""A canvas with the same pixels on every machine.

Coordinates are those of the image, 256x256, which is drawn at twice this size and scaled down.
Rasterization uses integers only: fixed-point coordinates, opacities in 1/65536, and sums of four
pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 256
SCALE = 2
SHIFT = 4  # fractional bits of a corner
RGB = tuple[int, int, int]
Point = tuple[float, float]
Outline = Sequence[Point]
Bytes = NDArray[np.uint8]


class Gradient(NamedTuple):
    """Colours and opacities at the top and the bottom of a shape."""

    top: RGB
    bottom: RGB
    opacity: tuple[float, float] = (1.0, 1.0)


class Canvas:
    """An image that shapes are drawn on, with the line type `edge` of OpenCV."""

    def __init__(self, edge: int = cv2.LINE_AA) -> None:
        self.pixels: Bytes = np.zeros((SIDE * SCALE, SIDE * SCALE, 3), np.uint8)
        self.edge = edge

    def band(self, top: float, bottom: float, paint: Gradient) -> None:
        """Fill all rows between two heights."""
        first, last = round(top * SCALE), round(bottom * SCALE)
        self.pixels[first:last] = _gradient(paint.top, paint.bottom, last - first)[:, None]

    def fill(self, outline: Outline, paint: RGB | Gradient) -> None:
        corners = _fixed(outline)
        if not isinstance(paint, Gradient):
            cv2.fillPoly(self.pixels, [corners], paint, self.edge, SHIFT)
            return
        left, top = (corners.min(axis=0) >> SHIFT) - 1
        right, bottom = (corners.max(axis=0) >> SHIFT) + 2
        x, y = max(left, 0), max(top, 0)
        under = self.pixels[y : max(bottom, 0), x : max(right, 0)]
        if under.size:
            mask = np.zeros(under.shape[:2], np.uint8)
            cv2.fillPoly(mask, [corners - (np.array([x, y]) << SHIFT)], 255, self.edge, SHIFT)
            rows = slice(y - top, y - top + len(under))
            colours = _gradient(paint.top, paint.bottom, bottom - top)[rows, None]
            _blend_(under, colours, mask * _steps(paint.opacity, bottom - top)[rows, None])

    def stroke(self, line: Outline, colour: RGB, width: float) -> None:
        thick = max(1, round(width * SCALE))
        cv2.polylines(self.pixels, [_fixed(line)], False, colour, thick, self.edge, SHIFT)

    def glow(self, centre: Point, radius: float, colour: RGB, opacity: float) -> None:
        """Blend a colour around a point, with `opacity` at the centre and 0 at `radius`."""
        reach = round(radius * SCALE)
        x, y = (round(value * SCALE) for value in centre)
        rows = np.arange(max(y - reach, 0), min(y + reach, SIDE * SCALE))
        columns = np.arange(max(x - reach, 0), min(x + reach, SIDE * SCALE))
        squares = (rows[:, None] - y) ** 2 + (columns - x) ** 2
        near = np.maximum(1024 - squares * 1024 // reach**2, 0)
        weights = (near * near * round(opacity * 256) >> 12).astype(np.int32)
        under = self.pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        _blend_(under, np.array(colour, np.int32), weights)

    def image(self) -> Bytes:
        """Return (256, 256, 3) bytes, each the mean of four pixels."""
        pixels = self.pixels.astype(np.uint16)
        pairs = pixels[0::2] + pixels[1::2]
        return ((pairs[:, 0::2] + pairs[:, 1::2] + 2) >> 2).astype(np.uint8)


def ellipse(x: float, y: float, rx: float, ry: float, corners: int = 40) -> list[Point]:
    """Return the corners of a polygon with the centre (x, y) and the radii `rx` and `ry`."""
    turns = [2 * math.pi * corner / corners for corner in range(corners)]
    return [point(x + rx * math.cos(turn), y + ry * math.sin(turn)) for turn in turns]


def point(x: float, y: float) -> Point:
    """Return a rounded point, which is equal for all mathematics libraries."""
    return round(x, 2), round(y, 2)


def _fixed(outline: Outline) -> NDArray[np.int32]:
    unit = SCALE << SHIFT
    return np.array([[round(x * unit), round(y * unit)] for x, y in outline], np.int32)


def _gradient(top: RGB, bottom: RGB, rows: int) -> NDArray[np.int32]:
    first, last = np.array(top, np.int32), np.array(bottom, np.int32)
    return first + (last - first) * np.arange(rows, dtype=np.int32)[:, None] // max(rows - 1, 1)


def _steps(opacity: tuple[float, float], rows: int) -> NDArray[np.int32]:
    first, last = (round(value * 257) for value in opacity)
    return first + (last - first) * np.arange(rows, dtype=np.int32) // max(rows - 1, 1)


def _blend_(under: Bytes, colours: NDArray[np.int32], weights: NDArray[np.int32]) -> None:
    """Composite `colours` over `under`; weights are from 0 to 65535."""
    opacity = (weights + (weights >> 15))[..., None]  # 0 to 65536
    under[:] = (under * (65536 - opacity) + colours * opacity + 32768) >> 16
