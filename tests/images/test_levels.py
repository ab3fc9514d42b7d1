"""Levels of 16 bits become the nearest of 8 bits."""

import numpy as np

from translate.images.levels import to_uint8


def test_sixteen_bits_are_rounded_to_the_nearest_of_256_levels() -> None:
    levels = np.array([0, 128, 129, 257, 65535 - 128, 65535], np.uint16)
    assert to_uint8(levels).tolist() == [0, 0, 1, 1, 255, 255]


def test_bytes_stay_as_they_are() -> None:
    levels = np.arange(256, dtype=np.uint8)
    assert to_uint8(levels) is levels
