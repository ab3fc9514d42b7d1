"""Differences that a model shows without ground truth: the way back, and other random seeds."""

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
"""random seeds of an output whose spread counts, the one that is written among them"""
Difference = NDArray[np.float32]
"""(H, W): the mean over channels, as a fraction of the range of the domain"""


def has_spread(processor: ImageProcessor) -> bool:
    """Return whether outputs depend on a random seed."""
    return calls.takes_noise(require_recipe(processor.model).recipe.translate)


def has_cycle(processor: ImageProcessor) -> bool:
    """Return whether outputs can be translated back."""
    return require_recipe(processor.model).has_way_back(processor.to)


def cycle_differences(
    processor: ImageProcessor, inputs: Sequence[Pixels], outputs: Sequence[Pixels]
) -> list[Difference]:
    """Return the difference of each input and the translation of its output back."""
    back = processor.model.translate(
        outputs, processor.source.name, options=processor.options, seed=processor.seed
    )
    return [
        difference(one, other, processor.source) for one, other in zip(inputs, back, strict=True)
    ]


def spread_differences(
    processor: ImageProcessor, inputs: Sequence[Pixels], outputs: Sequence[Pixels]
) -> list[Difference]:
    """Return the mean difference of each output and those of other random seeds."""
    totals: list[Any] = [0.0] * len(inputs)
    for number in range(1, SEEDS):
        others = processor.model.translate(
            inputs, processor.to, options=processor.options, seed=(processor.seed or 0) + number
        )
        for place, (one, other) in enumerate(zip(outputs, others, strict=True)):
            totals[place] = totals[place] + difference(one, other, processor.target)
    return [total / (SEEDS - 1) for total in totals]


def difference(one: Pixels, other: Pixels | None, domain: Domain) -> Difference:
    """Return the difference of two images; of label maps, 1 where the classes differ.

    Args:
        one: (H, W, C); further channels, such as a mask, are ignored.
        other: The same size; None, an image that is not finite, differs everywhere.
        domain: Its range is 1.
    """
    if other is None:
        return np.ones(one.shape[:2], np.float32)
    parts = [network_input(image[..., : domain.channels], "cpu", domain) for image in (one, other)]
    apart = (parts[0] - parts[1])[0].abs()
    if domain.labels:
        return (apart > 0).any(0).float().numpy()
    return apart.mean(0).div(2).numpy()
