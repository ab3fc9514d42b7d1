"""The trust of an output: its measures, and an image of where it is doubtful."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from translate.images.encode import encode_image
from translate.images.layers import Pixels

SUFFIX = ".trust.png"
"""what is added to the name of an output for its map"""
WHITE = 0.25
"""difference, as a fraction of the range, that is white in a map"""


class Trust(NamedTuple):
    """How far one output can be trusted."""

    scores: Mapping[str, float]
    """``trust`` from 0 to 1 where it is known what is usual, and the measures that it is made of"""
    differences: Sequence[NDArray[np.float32]]
    """(H, W) fractions of the range, of each measure that pixels have"""

    def map(self, size: tuple[int, int]) -> bytes | None:
        """Return a gray PNG file of this height and width; None if pixels have no measure.

        It shows the larger difference of each pixel: black for none, white from a quarter of the
        range.
        """
        if not self.differences:
            return None
        resized = [
            cv2.resize(each, size[::-1], interpolation=cv2.INTER_LINEAR)
            if each.shape != size
            else each
            for each in self.differences
        ]
        levels = np.maximum.reduce(resized) * (255 / WHITE)
        pixels = np.rint(levels.clip(0, 255)).astype(np.uint8)[..., None]
        return encode_image(pixels, ".png")


class TrustMeter(Protocol):
    """Measures the trust of outputs."""

    def measure(self, inputs: Sequence[Pixels], outputs: Sequence[Pixels]) -> list[Trust]:
        """Return the trust of each of several outputs of one size.

        Args:
            inputs: (H, W, C), as the network gets them.
            outputs: (H, W, C), as it returns them.
        """


def map_path(output: Path) -> Path:
    """Return the place of the map of an output."""
    return output.with_name(output.name + SUFFIX)


def measure_finite(
    meter: TrustMeter | None, inputs: Sequence[Pixels], outputs: Sequence[Pixels | None]
) -> list[Trust | None]:
    """Return the trust of each output; None for those that are not finite, or without a meter."""
    trusts: list[Trust | None] = [None] * len(inputs)
    finite = {place: output for place, output in enumerate(outputs) if output is not None}
    if meter and finite:
        found = meter.measure([inputs[place] for place in finite], [*finite.values()])
        for place, trust in zip(finite, found, strict=True):
            trusts[place] = trust
    return trusts
