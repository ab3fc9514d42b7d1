"""Motion blur by camera shake during the exposure."""

from __future__ import annotations

import math
from collections import Counter
from random import Random

import numpy as np

from translate_plugins.scenes.canvas import Bytes

POSITIONS = 256
"""number of camera positions on a path: the sum of 256 images of 8 bits is exact in 16 bits"""
EXTENT = (5.0, 21.0)
"""range of the larger extent of a path, horizontal or vertical, in pixels"""


def blur_by_camera_shake(image: Bytes, rng: Random) -> Bytes:
    """Return the mean of an image, (H, W, C), shifted along a random smooth path."""
    margin = math.ceil(EXTENT[1])
    padded = np.pad(
        image.astype(np.uint16), ((margin, margin), (margin, margin), (0, 0)), "reflect"
    )
    height, width = image.shape[:2]
    total = np.full(image.shape, POSITIONS // 2, np.uint16)  # half of the divisor, to round
    for (dx, dy), count in Counter(camera_path(rng)).items():
        x, y = margin + dx, margin + dy
        total += padded[y : y + height, x : x + width] * np.uint16(count)
    return (total >> 8).astype(np.uint8)


def camera_path(rng: Random) -> list[tuple[int, int]]:
    """Return the offset of the camera (x, y) in pixels at each position; the mean is zero."""
    x = y = curvature = 0.0
    angle = rng.uniform(0, 2 * math.pi)
    path = []
    for _ in range(POSITIONS):
        curvature = 0.97 * curvature + rng.uniform(-0.008, 0.008)
        angle += curvature
        x, y = x + math.cos(angle), y + math.sin(angle)
        path.append((x, y))
    left, right = min(x for x, _ in path), max(x for x, _ in path)
    top, bottom = min(y for _, y in path), max(y for _, y in path)
    scale = rng.uniform(*EXTENT) / max(right - left, bottom - top)
    mean_x, mean_y = sum(x for x, _ in path) / POSITIONS, sum(y for _, y in path) / POSITIONS
    # rounded in two steps, so that differences between math libraries have no effect
    offsets = [(round((x - mean_x) * scale, 4), round((y - mean_y) * scale, 4)) for x, y in path]
    return [(round(x), round(y)) for x, y in offsets]
