"""The trust of an output: scores, and a map of unreliable pixels."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from translate.images.encode import encode_image
from translate.images.layers import Pixels

MAP_SUFFIX = ".trust.png"
"""what is added to the name of an output for the name of its map"""
WHITE = 0.25
"""difference, as a fraction of the value range, that is white in a map"""


class Trust(NamedTuple):
    """How far one output can be trusted."""

    scores: Mapping[str, float]
    """``trust`` in [0, 1], if there are limits of its measures, and these measures"""
    differences: Sequence[NDArray[np.float32]]
    """(H, W) differences as fractions of the value range, one array for each measure of pixels"""

    def map(self, size: tuple[int, int]) -> bytes | None:
        """Return a gray PNG file of this height and width; None without `differences`.

        A pixel shows the largest of its differences, from black for 0 to white for `WHITE`.
        """
        if not self.differences:
            return None
        resized = [cv2.resize(each, size[::-1]) for each in self.differences]  # bilinear
        levels = np.maximum.reduce(resized) * (255 / WHITE)
        pixels = np.rint(levels.clip(0, 255)).astype(np.uint8)[..., None]
        return encode_image(pixels, ".png")


class TrustMeter(Protocol):
    """Measures the trust of outputs."""

    def measure(self, inputs: Sequence[Pixels], outputs: Sequence[Pixels]) -> list[Trust]:
        """Return the trust of each of several outputs of one size.

        Args:
            inputs: (H, W, C) inputs of the network.
            outputs: (H, W, C) outputs of the network.
        """


def map_path(output: Path) -> Path:
    """Return the path of the map of an output."""
    return output.with_name(output.name + MAP_SUFFIX)


def measure_finite(
    meter: TrustMeter | None, inputs: Sequence[Pixels], outputs: Sequence[Pixels | None]
) -> list[Trust | None]:
    """Return the trust of each output; None if the output is not finite, or without a meter."""
    trusts: list[Trust | None] = [None] * len(inputs)
    finite = {index: output for index, output in enumerate(outputs) if output is not None}
    if meter and finite:
        measured = meter.measure([inputs[index] for index in finite], [*finite.values()])
        for index, trust in zip(finite, measured, strict=True):
            trusts[index] = trust
    return trusts
