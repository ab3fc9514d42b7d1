"""Motion blur: the camera moves while its shutter is open."""

from __future__ import annotations

import math
from collections import Counter
from random import Random

import numpy as np

from translate_plugins.scenes.canvas import Bytes

POSITIONS = 256
"""number of positions on a path; the sum of 256 images fits 16 bits, and is exact"""
LENGTH = (5.0, 21.0)
"""range of the length of a path in pixels"""


def blur_by_camera_shake(image: Bytes, rng: Random) -> Bytes:
    """Return the mean of an image over a random smooth path of the camera."""
    margin = math.ceil(LENGTH[1])
    padded = np.pad(
        image.astype(np.uint16), ((margin, margin), (margin, margin), (0, 0)), "reflect"
    )
    height, width = image.shape[:2]
    total = np.full(image.shape, POSITIONS // 2, np.uint16)
    for (right, down), moments in Counter(camera_path(rng)).items():
        x, y = margin + right, margin + down
        total += padded[y : y + height, x : x + width] * np.uint16(moments)
    return (total >> 8).astype(np.uint8)


def camera_path(rng: Random) -> list[tuple[int, int]]:
    """Return the offset of the camera in pixels at each position; the mean is zero."""
    x = y = bend = 0.0
    heading = rng.uniform(0, 2 * math.pi)
    path = []
    for _ in range(POSITIONS):
        bend = 0.97 * bend + rng.uniform(-0.008, 0.008)
        heading += bend
        x, y = x + math.cos(heading), y + math.sin(heading)
        path.append((x, y))
    left, right = min(x for x, _ in path), max(x for x, _ in path)
    top, bottom = min(y for _, y in path), max(y for _, y in path)
    scale = rng.uniform(*LENGTH) / max(right - left, bottom - top)
    middle = sum(x for x, _ in path) / POSITIONS, sum(y for _, y in path) / POSITIONS
    steps = [
        (round((x - middle[0]) * scale, 4), round((y - middle[1]) * scale, 4)) for x, y in path
    ]
    return [(round(x), round(y)) for x, y in steps]
