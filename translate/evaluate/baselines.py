"""Baselines that translate without learning, which a method has to beat.

All images are (H, W, C) uint8. A baseline returns one image for each image of the source or of
the ground truth.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.engine.loading.order import spread
from translate.evaluate.images.outputs import Outputs
from translate.evaluate.images.run_images import RunImages
from translate.evaluate.result import FLOOR
from translate.images.resize import resize_pixels

Image = NDArray[np.uint8]
ImageFunctions = dict[str, Callable[[], Sequence[Image]]]
"""functions that compute the images of a baseline, by its name"""
Baselines = dict[str, Callable[[], Outputs]]
"""functions that compute the outputs of a baseline, by its name"""
INPUT = "untouched input"
COLLAPSED_IMAGES = 10
"""largest number of training images that a collapsed generator repeats"""
SEARCH_SIDE = 16
"""side in pixels of reduced images, which are compared to find the nearest one"""


def of_translation(
    outputs: Outputs, train: RunImages | None, *, comparable: bool, trained_on: bool = False
) -> Baselines:
    """Return the baselines of a translation.

    A baseline is absent if it needs ground truth or training images that are missing, or if its
    images would have other channels or another size than the translations.

    Args:
        outputs: The translations, with their inputs and ground truth.
        train: Training images of both domains; None if they are unknown.
        comparable: Whether source and target have equal channels, and neither is a label map.
        trained_on: Whether the inputs are training images, which are nearest to themselves.
    """
    functions: ImageFunctions = {}
    source, target = outputs.source, outputs.target
    input_is_truth = all(map(np.array_equal, source, target)) if target else False
    if comparable and source and not input_is_truth:
        functions[INPUT] = lambda: source
        if target:
            functions["best constant shift"] = lambda: shift_colours(source, target)
    if train and train.target:
        functions |= _independent_of_input(train.target, len(outputs.fake))
        if comparable and source:
            functions["colour statistics of training images"] = lambda: transfer_colour_statistics(
                source, train.target
            )
        # without pairs, inputs are compared with the images of the target domain themselves
        candidates = train.source if train.truth else train.target if comparable else ()
        if source and candidates and not trained_on:
            functions["nearest training image"] = lambda: nearest(source, candidates, train.target)
    baselines = _with_images(outputs, functions)
    if INPUT in functions:  # no metric compares the input with itself
        baselines |= _with_images(replace(outputs, source=()), {INPUT: lambda: source})
    return baselines | _floor(outputs, train)


def of_samples(outputs: Outputs, train: RunImages) -> Baselines:
    """Return the baselines of generated images, which are made of training images."""
    functions = _independent_of_input(train.target, len(outputs.fake))
    unlabelled = replace(outputs, labels=(), real_labels=())
    return _with_images(unlabelled, functions) | _floor(outputs, train)


def _independent_of_input(train: Sequence[Image], count: int) -> ImageFunctions:
    """Return baselines of `count` images: the mean training image, and a collapsed generator."""
    # at most a tenth of the images: ten different images of twenty would not be mode collapse
    different = max(1, min(COLLAPSED_IMAGES, count // 10))
    repeated = "1 training image" if different == 1 else f"{different} training images"
    return {
        "mean target image": lambda: [mean_image(train)] * count,
        f"{repeated} repeated": lambda: repeat_images(train, count, different=different),
    }


def _with_images(outputs: Outputs, functions: ImageFunctions) -> Baselines:
    """Return baselines that are `outputs` with images of `functions`, which have no cycle."""

    def compute(images: Callable[[], Sequence[Image]]) -> Outputs:
        return replace(outputs, fake=images(), cycle=())

    return {name: partial(compute, images) for name, images in functions.items()}


def _floor(outputs: Outputs, train: RunImages | None) -> Baselines:
    """Return the floor: real training images, which are as close to test images as can be."""
    if train is None or not train.target:
        return {}
    labels = train.field("labels") if outputs.labels else None
    indices = spread(range(len(train.target)), len(outputs.fake))
    floor = Outputs(
        [train.names[i % len(train.names)] for i in indices],
        [train.target[i] for i in indices],
        labels=[int(labels[i]) for i in indices] if labels is not None else (),
        real=outputs.real,
        real_labels=outputs.real_labels,
    )
    return {FLOOR: lambda: floor}


def nearest(
    images: Sequence[Image], sources: Sequence[Image], targets: Sequence[Image]
) -> list[Image]:
    """Return for each image the target of the training source image that is closest to it.

    Args:
        images: Any images.
        sources: Training images with as many channels, compared at 16x16 pixels by squared error.
        targets: The target of each of `sources`.
    """
    size = (SEARCH_SIDE, SEARCH_SIDE)
    queries, candidates = (
        np.stack([resize_pixels(image, size).ravel() for image in group]).astype(float)
        for group in (images, sources)
    )
    # squared distances, without a term that is equal for all candidates
    distances = (candidates**2).sum(1) - 2 * queries @ candidates.T
    return [targets[index] for index in distances.argmin(1)]


def shift_colours(source: Sequence[Image], truth: Sequence[Image]) -> list[Image]:
    """Add one colour to all images, the one that brings their means closest to the ground truth.

    The shift is fitted to the ground truth, which no method has: a method that beats this baseline
    changes more than the tint.
    """
    pairs = zip(truth, source, strict=True)
    shift = np.mean([t.mean((0, 1)) - s.mean((0, 1)) for t, s in pairs], axis=0)
    return [_to_uint8(image + shift) for image in source]


def transfer_colour_statistics(source: Sequence[Image], target: Sequence[Image]) -> list[Image]:
    """Scale each image's channels to the mean and standard deviation of all `target` images.

    Reinhard et al. (2001), on RGB. All `target` images have one size.
    """
    mean, deviation = np.mean(target, (0, 1, 2)), np.std(target, (0, 1, 2))
    return [
        _to_uint8((s - s.mean((0, 1))) / (s.std((0, 1)) + 1e-6) * deviation + mean) for s in source
    ]


def mean_image(images: Sequence[Image]) -> Image:
    """Return the mean of images of one size, the best output that ignores its input.

    The mean is blurred, and hard to beat in PSNR if the images are similar.
    """
    return _to_uint8(np.mean(images, axis=0))


def repeat_images(images: Sequence[Image], count: int, *, different: int = 10) -> list[Image]:
    """Return `count` images with only `different` different ones, as after mode collapse."""
    few_images = images[:: max(1, len(images) // different)][:different]
    return [few_images[i % len(few_images)] for i in range(count)]


def resize_and_crop(image: Image, size: tuple[int, int]) -> Image:
    """Return `image` scaled to cover (height, width) with its aspect kept, cropped to the centre.

    For baselines of training images: their sizes may differ from those of the test images.
    """
    height, width = image.shape[:2]
    scale = max(size[0] / height, size[1] / width)
    large = resize_pixels(image, (round(height * scale), round(width * scale)))
    top, left = (large.shape[0] - size[0]) // 2, (large.shape[1] - size[1]) // 2
    return large[top : top + size[0], left : left + size[1]]


def _to_uint8(levels: NDArray[Any]) -> Image:
    return np.rint(levels).clip(0, 255).astype(np.uint8)
