"""A canvas that gives equal pixels on every machine.

Coordinates are pixels of the image, 256x256, which is drawn at twice this size and scaled down.
Drawing uses integers only: fixed-point coordinates, and alpha in units of 1/65536.
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
FRACTIONAL_BITS = 4
"""fractional bits of fixed-point coordinates: `shift` of OpenCV's drawing functions"""
RGB = tuple[int, int, int]
"""8-bit levels"""
Point = tuple[float, float]
"""x and y, downwards"""
Outline = Sequence[Point]
Bytes = NDArray[np.uint8]


class Gradient(NamedTuple):
    """Colours and alpha values at the top and the bottom of a shape."""

    top: RGB
    bottom: RGB
    alpha: tuple[float, float] = (1.0, 1.0)
    """at the top and at the bottom, from 0 to 1"""


class Canvas:
    """An image to draw shapes on; `line_type` of OpenCV decides about antialiasing."""

    def __init__(self, line_type: int = cv2.LINE_AA) -> None:
        self.pixels: Bytes = np.zeros((SIDE * SCALE, SIDE * SCALE, 3), np.uint8)
        self.line_type = line_type

    def band(self, top: float, bottom: float, paint: Gradient) -> None:
        """Fill all rows from y = `top` to y = `bottom`."""
        first, last = round(top * SCALE), round(bottom * SCALE)
        self.pixels[first:last] = _gradient(paint.top, paint.bottom, last - first)[:, None]

    def fill(self, outline: Outline, paint: RGB | Gradient) -> None:
        """Fill a polygon; a gradient reaches from its highest to its lowest row."""
        corners = _to_fixed_point(outline)
        if not isinstance(paint, Gradient):
            cv2.fillPoly(self.pixels, [corners], paint, self.line_type, FRACTIONAL_BITS)
            return
        left, top = (corners.min(axis=0) >> FRACTIONAL_BITS) - 1
        right, bottom = (corners.max(axis=0) >> FRACTIONAL_BITS) + 2
        x, y = max(left, 0), max(top, 0)
        background = self.pixels[y : max(bottom, 0), x : max(right, 0)]
        if background.size:
            mask = np.zeros(background.shape[:2], np.uint8)
            offset = np.array([x, y]) << FRACTIONAL_BITS
            cv2.fillPoly(mask, [corners - offset], 255, self.line_type, FRACTIONAL_BITS)
            rows = slice(y - top, y - top + len(background))
            colours = _gradient(paint.top, paint.bottom, bottom - top)[rows, None]
            alpha = _alpha_gradient(paint.alpha, bottom - top)[rows, None]
            _blend_(background, colours, mask * alpha)

    def stroke(self, line: Outline, colour: RGB, width: float) -> None:
        """Draw connected lines, `width` pixels of the image wide."""
        thickness = max(1, round(width * SCALE))
        cv2.polylines(
            self.pixels,
            [_to_fixed_point(line)],
            isClosed=False,
            color=colour,
            thickness=thickness,
            lineType=self.line_type,
            shift=FRACTIONAL_BITS,
        )

    def glow(self, centre: Point, radius: float, colour: RGB, alpha: float) -> None:
        """Blend a colour around a point, with `alpha` at the centre and 0 at `radius`."""
        reach = round(radius * SCALE)
        x, y = (round(value * SCALE) for value in centre)
        rows = np.arange(max(y - reach, 0), min(y + reach, SIDE * SCALE))
        columns = np.arange(max(x - reach, 0), min(x + reach, SIDE * SCALE))
        squared_distance = (rows[:, None] - y) ** 2 + (columns - x) ** 2
        falloff = np.maximum(1024 - squared_distance * 1024 // reach**2, 0)  # 1024 at the centre
        weights = (falloff * falloff * round(alpha * 256) >> 12).astype(np.int32)
        background = self.pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        _blend_(background, np.array(colour, np.int32), weights)

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
    """Return a point rounded to 0.01 pixel, so that it is equal with every math library."""
    return round(x, 2), round(y, 2)


def _to_fixed_point(outline: Outline) -> NDArray[np.int32]:
    """Return corners (N, 2) on the canvas, with `FRACTIONAL_BITS` fractional bits."""
    unit = SCALE << FRACTIONAL_BITS
    return np.array([[round(x * unit), round(y * unit)] for x, y in outline], np.int32)


def _gradient(top: RGB, bottom: RGB, rows: int) -> NDArray[np.int32]:
    """Return the colour of each row, (rows, 3)."""
    first, last = np.array(top, np.int32), np.array(bottom, np.int32)
    return first + (last - first) * np.arange(rows, dtype=np.int32)[:, None] // max(rows - 1, 1)


def _alpha_gradient(alpha: tuple[float, float], rows: int) -> NDArray[np.int32]:
    """Return the alpha of each row, (rows,), from 0 to 257: times a mask of 255, this is 65535."""
    first, last = (round(value * 257) for value in alpha)
    return first + (last - first) * np.arange(rows, dtype=np.int32) // max(rows - 1, 1)


def _blend_(background: Bytes, colours: NDArray[np.int32], weights: NDArray[np.int32]) -> None:
    """Composite `colours` over `background` in place; weights are from 0 to 65535."""
    alpha = (weights + (weights >> 15))[..., None]  # 0 to 65536
    background[:] = (background * (65536 - alpha) + colours * alpha + 32768) >> 16
