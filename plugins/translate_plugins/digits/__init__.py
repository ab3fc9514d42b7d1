"""The sample domain of digits, drawn by code: white on black, 28 by 28, as MNIST has them.

Each is written by a pen that follows a shape of ours, with a slant, a width, a turn and a hand's
small errors of its own, which come from a seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random

from numpy.typing import NDArray

from translate import hookimpl
from translate_plugins.digits.handwriting import draw_digit
from translate_plugins.digits.shapes import SHAPES

VERSION = 1
"""Raised when a pixel changes."""

SPLITS = {"train": 600, "test": 100}
"""of each digit"""


@hookimpl
def register_domains() -> Mapping[str, Callable[[], Iterator[tuple[str, NDArray | bytes]]]]:
    return {"digits": draw}


def draw() -> Iterator[tuple[str, NDArray | bytes]]:
    """Handwritten digits drawn by code, 28x28, gray, ten labelled folders.

    Yields (28, 28, 1) bytes by path: a folder a digit in each split.
    """
    for split, count in SPLITS.items():
        for digit in SHAPES:
            for number in range(1, count + 1):
                path = f"{split}/{digit}/{number:04}.png"
                yield path, draw_digit(digit, Random(f"digits/{path}"))
