"""Differences that need no ground truth: cycle consistency, and the spread over random seeds."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.batches import Domain
from translate.engine.models import calls
from translate.engine.models.model import require_recipe
from translate.engine.pixels.processing import ImageProcessor
from translate.images.layers import Pixels
from translate.images.tensors import network_input

SEEDS = 5
"""number of random seeds for the spread, including that of the written output"""
Difference = NDArray[np.float32]
"""(H, W): the mean over channels, as a fraction of the range of the domain"""


def has_spread(processor: ImageProcessor) -> bool:
    """Return whether outputs depend on a random seed."""
    return calls.takes_noise(require_recipe(processor.model).recipe.translate)


def has_cycle(processor: ImageProcessor) -> bool:
    """Return whether outputs can be translated back."""
    return require_recipe(processor.model).translates_back(processor.to)


def cycle_differences(
    processor: ImageProcessor, inputs: Sequence[Pixels], outputs: Sequence[Pixels]
) -> list[Difference]:
    """Return the difference between each input and its output translated back."""
    back = processor.model.translate(
        outputs, processor.source.name, options=processor.options, seed=processor.seed
    )
    return [
        difference(one, other, processor.source) for one, other in zip(inputs, back, strict=True)
    ]


def spread_differences(
    processor: ImageProcessor, inputs: Sequence[Pixels], outputs: Sequence[Pixels]
) -> list[Difference]:
    """Return the mean difference between each output and those for other random seeds."""
    totals: list[Any] = [0.0] * len(inputs)
    for number in range(1, SEEDS):
        others = processor.model.translate(
            inputs, processor.to, options=processor.options, seed=(processor.seed or 0) + number
        )
        for index, (output, other) in enumerate(zip(outputs, others, strict=True)):
            totals[index] = totals[index] + difference(output, other, processor.target)
    return [total / (SEEDS - 1) for total in totals]


def difference(image: Pixels, other: Pixels | None, domain: Domain) -> Difference:
    """Return the difference between two images; of label maps, 1 where the classes differ.

    Args:
        image: (H, W, C); further channels, such as a mask, are ignored.
        other: An image of the same size; None, an image that is not finite, differs everywhere.
        domain: The domain of both; its range counts as 1.
    """
    if other is None:
        return np.ones(image.shape[:2], np.float32)
    tensors = [network_input(x[..., : domain.channels], "cpu", domain) for x in (image, other)]
    absolute = (tensors[0] - tensors[1])[0].abs()
    if domain.labels:
        return (absolute > 0).any(0).float().numpy()
    return absolute.mean(0).div(2).numpy()
