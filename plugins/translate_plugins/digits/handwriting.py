"""Handwritten digits with random variations, the same on every machine.

Pixels are drawn with integers only; coordinates are computed by sums, products and quotients only,
which are equal on every machine (sine and cosine are not).
"""

from __future__ import annotations

from itertools import pairwise
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from translate_plugins.digits.shapes import SHAPES, Shape

SIDE = 28
DIGIT_SIDE = 20  # pixels of the longer side of a digit, as in MNIST
SCALE = 8  # a pixel is drawn as 8x8 dots
FRACTIONAL_BITS = 4  # of a coordinate in dots
SEGMENTS = 8  # straight lines between two points of a shape
Points = NDArray[np.float64]
Bytes = NDArray[np.uint8]


def draw_digit(digit: str, rng: Random) -> Bytes:
    """Return (28, 28, 1) bytes, with the centre of mass in the centre of the image."""
    shapes, weights = zip(*SHAPES[digit], strict=True)
    strokes = _deform(rng.choices(shapes, weights)[0], rng)
    thickness = rng.triangular(1.4, 4.2, 2.3)  # least, greatest, most frequent, in pixels
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    pixels_per_unit = (DIGIT_SIDE - thickness) / (high - low).max()
    dots = np.zeros((SIDE * SCALE, SIDE * SCALE), np.uint8)
    for stroke in strokes:
        curve = _interpolate((stroke - (low + high) / 2) * pixels_per_unit + SIDE / 2)
        _draw_line(dots, curve, thickness, rng)
    return _downsample(_center(dots))


def _deform(shape: Shape, rng: Random) -> list[Points]:
    """Return the strokes of `shape`, deformed at random; equal points stay equal."""
    moved_points = {
        point: (point[0] + rng.triangular(-11, 11), point[1] + rng.triangular(-10, 10))
        for stroke in shape
        for point in stroke
    }
    width = rng.triangular(0.65, 1.6, 1)
    slant = rng.triangular(-0.25, 0.6, 0.15)
    t = rng.triangular(-0.12, 0.12)  # tangent of half the angle of rotation
    cos, sin = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    strokes = []
    for stroke in shape:
        x, y = np.array([moved_points[point] for point in stroke]).T
        x = x * width - y * slant
        strokes.append(np.stack([x * cos - y * sin, x * sin + y * cos], axis=1))
    return strokes


def _interpolate(points: Points) -> Points:
    """Return a smooth curve through `points`, as points of short lines (Catmull and Rom, 1974)."""
    padded = np.concatenate([points[:1], points, points[-1:]])[:, None]
    count = len(points) - 1
    before, start, end, after = (padded[i : i + count] for i in range(4))
    t = (np.arange(SEGMENTS) / SEGMENTS)[:, None]
    quadratic = (3 * (start - end) + after - before) * t + 2 * before - 5 * start + 4 * end - after
    curve = ((quadratic * t + end - before) * t + 2 * start) / 2
    return np.concatenate([curve.reshape(-1, 2), points[-1:]])


def _draw_line(dots: Bytes, line: Points, thickness: float, rng: Random) -> None:
    """Draw `line` into `dots`, with a thickness that changes from its start to its end."""
    first_pressure, last_pressure = rng.uniform(0.75, 1.15), rng.uniform(0.6, 1.1)
    fixed_point = np.rint(line * (SCALE << FRACTIONAL_BITS)).astype(int).tolist()
    for index, (start, end) in enumerate(pairwise(fixed_point)):
        pressure = first_pressure + (last_pressure - first_pressure) * index / len(fixed_point)
        thickness_in_dots = max(1, round(thickness * pressure * SCALE))
        cv2.line(dots, start, end, 255, thickness_in_dots, cv2.LINE_8, FRACTIONAL_BITS)


def _center(dots: Bytes) -> Bytes:
    """Move the centre of mass to the image centre, but keep a margin of a pixel."""
    ink = np.argwhere(dots)
    offset = (len(dots) - 1) // 2 - ink.sum(axis=0) // len(ink)
    limits = SCALE - ink.min(axis=0), len(dots) - 1 - SCALE - ink.max(axis=0)
    return np.roll(dots, np.clip(offset, *limits), axis=(0, 1))


def _downsample(dots: Bytes) -> Bytes:
    """Return (28, 28, 1) bytes, each the mean of its 8x8 dots."""
    cells = dots.reshape(SIDE, SCALE, SIDE, SCALE).sum(axis=(1, 3), dtype=np.int64)
    return (cells // SCALE**2).astype(np.uint8)[..., None]
