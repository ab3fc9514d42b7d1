"""Measures without ground truth: cycle consistency, and the spread over random seeds."""

from collections.abc import Callable, Sequence
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
Measure = Callable[[ImageProcessor, Sequence[Pixels], Sequence[Pixels]], list[Difference]]
"""Returns a difference for each input and its output."""


def supported_measures(processor: ImageProcessor) -> dict[str, Measure]:
    """Return ``cycle`` if the model translates back, and ``spread`` if it takes noise."""
    model, measures = require_recipe(processor.model), dict[str, Measure]()
    if model.translates_back(processor.to):
        measures["cycle"] = cycle_differences
    if calls.takes_noise(model.recipe.translate):
        measures["spread"] = spread_differences
    return measures


def cycle_differences(
    processor: ImageProcessor, inputs: Sequence[Pixels], outputs: Sequence[Pixels]
) -> list[Difference]:
    """Return the difference between each input and its output translated back."""
    source, options, seed = processor.source, processor.options, processor.seed
    back = processor.model.translate(outputs, source.name, options=options, seed=seed)
    return [difference(*images, source) for images in zip(inputs, back, strict=True)]


def spread_differences(
    processor: ImageProcessor, inputs: Sequence[Pixels], outputs: Sequence[Pixels]
) -> list[Difference]:
    """Return the mean difference between each output and the outputs for other random seeds."""
    totals: list[Any] = [0.0] * len(inputs)
    for number in range(1, SEEDS):
        other_outputs = processor.model.translate(
            inputs, processor.to, options=processor.options, seed=(processor.seed or 0) + number
        )
        for index, images in enumerate(zip(outputs, other_outputs, strict=True)):
            totals[index] = totals[index] + difference(*images, processor.target)
    return [total / (SEEDS - 1) for total in totals]


def difference(image: Pixels, other: Pixels | None, domain: Domain) -> Difference:
    """Return the difference between two images; for label maps, 1 where the classes differ.

    Args:
        image: (H, W, C); channels after those of the domain, such as a mask, are ignored.
        other: An image of the same size; None: it is not finite, and the difference is 1.
        domain: The domain of both images.
    """
    if other is None:
        return np.ones(image.shape[:2], np.float32)
    tensors = [network_input(x[..., : domain.channels], "cpu", domain) for x in (image, other)]
    absolute = (tensors[0] - tensors[1])[0].abs()
    if domain.labels:
        return (absolute > 0).any(0).float().numpy()
    return absolute.mean(0).div(2).numpy()
