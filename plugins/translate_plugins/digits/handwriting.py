"""Handwritten digits with random variations, the same on every machine.

Rasterization uses integers only; coordinates are computed by sums, products and quotients only,
which are equal on every machine.
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
SHIFT = 4  # fractional bits of a coordinate in dots
STEPS = 8  # line segments between two points of a shape
Points = NDArray[np.float64]
Bytes = NDArray[np.uint8]


def draw_digit(digit: str, rng: Random) -> Bytes:
    """Return (28, 28, 1) bytes, with the centre of mass in the centre of the image."""
    shapes, weights = zip(*SHAPES[digit], strict=True)
    lines = _deformed(rng.choices(shapes, weights)[0], rng)
    thickness = rng.triangular(1.4, 4.2, 2.3)
    corners = np.concatenate(lines)
    low, high = corners.min(axis=0), corners.max(axis=0)
    unit = (DIGIT_SIDE - thickness) / (high - low).max()
    dots = np.zeros((SIDE * SCALE, SIDE * SCALE), np.uint8)
    for line in lines:
        placed = _curve((line - (low + high) / 2) * unit + SIDE / 2)
        _stroke(dots, placed, thickness, rng)
    return _pixels(_centred(dots))


def _deformed(shape: Shape, rng: Random) -> list[Points]:
    """Return the strokes of `shape`, deformed at random; equal points stay equal."""
    place = {
        point: (point[0] + rng.triangular(-11, 11), point[1] + rng.triangular(-10, 10))
        for stroke in shape
        for point in stroke
    }
    width = rng.triangular(0.65, 1.6, 1)
    slant = rng.triangular(-0.25, 0.6, 0.15)
    half = rng.triangular(-0.12, 0.12)  # tangent of half the angle of rotation
    cos, sin = (1 - half * half) / (1 + half * half), 2 * half / (1 + half * half)
    strokes = []
    for stroke in shape:
        across, down = np.array([place[point] for point in stroke]).T
        across = across * width - down * slant
        strokes.append(np.stack([across * cos - down * sin, across * sin + down * cos], axis=1))
    return strokes


def _curve(points: Points) -> Points:
    """Return the smooth line through `points` (Catmull and Rom 1974)."""
    padded = np.concatenate([points[:1], points, points[-1:]])[:, None]
    count = len(points) - 1
    before, start, end, after = (padded[i : i + count] for i in range(4))
    t = (np.arange(STEPS) / STEPS)[:, None]
    bend = (3 * (start - end) + after - before) * t + 2 * before - 5 * start + 4 * end - after
    line = ((bend * t + end - before) * t + 2 * start) / 2
    return np.concatenate([line.reshape(-1, 2), points[-1:]])


def _stroke(dots: Bytes, line: Points, thickness: float, rng: Random) -> None:
    """Draw `line` with a thickness that changes along it."""
    first, last = rng.uniform(0.75, 1.15), rng.uniform(0.6, 1.1)
    fixed = np.rint(line * (SCALE << SHIFT)).astype(int).tolist()
    for place, (start, end) in enumerate(pairwise(fixed)):
        pressure = first + (last - first) * place / len(fixed)
        thick = max(1, round(thickness * pressure * SCALE))
        cv2.line(dots, start, end, 255, thick, cv2.LINE_8, SHIFT)


def _centred(dots: Bytes) -> Bytes:
    """Move the centre of mass to the centre, with a margin of a pixel."""
    ink = np.argwhere(dots)
    offset = (len(dots) - 1) // 2 - ink.sum(axis=0) // len(ink)
    limits = SCALE - ink.min(axis=0), len(dots) - 1 - SCALE - ink.max(axis=0)
    return np.roll(dots, np.clip(offset, *limits), axis=(0, 1))


def _pixels(dots: Bytes) -> Bytes:
    """Return (28, 28, 1) bytes, each the mean of its dots."""
    cells = dots.reshape(SIDE, SCALE, SIDE, SCALE).sum(axis=(1, 3), dtype=np.int64)
    return (cells // SCALE**2).astype(np.uint8)[..., None]
