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

from translate.evaluate.images.outputs import Outputs
from translate.evaluate.images.run_images import RunImages
from translate.evaluate.result import FLOOR
from translate.images.resize import resize_pixels

Image = NDArray[np.uint8]
INPUT = "untouched input"
COLLAPSED_IMAGES = 10
"""largest number of training images that a collapsed generator repeats"""
SEARCH_SIDE = 16
"""side in pixels to which images are reduced to find the nearest one"""


def of_translation(
    outputs: Outputs, train: RunImages | None, *, same_kind: bool, of_training: bool = False
) -> dict[str, Callable[[], Outputs]]:
    """Return baselines of a translation by name, each computed when it is called.

    A baseline is absent if it needs ground truth or training images that are missing, or if its
    images would have other channels or another size than the translations.

    Args:
        outputs: The translations, with their inputs and ground truth.
        train: Training images of both domains; None if they are unknown.
        same_kind: Whether source and target have equal channels, and neither is a label map.
        of_training: Whether the inputs are training images: the nearest one of each is itself.
    """
    images: dict[str, Callable[[], Sequence[Image]]] = {}
    source, target = outputs.source, outputs.target
    reconstructs = all(map(np.array_equal, source, target)) if target else False
    if same_kind and source and not reconstructs:  # else the input is the ground truth
        images[INPUT] = lambda: source
        if target:
            images["best constant shift"] = lambda: shift_colours(source, target)
    if train and train.target:
        images |= _of_training_images(train.target, len(outputs.fake))
        if same_kind and source:
            images["colour statistics of training images"] = lambda: transfer_colour_statistics(
                source, train.target
            )
        candidates = train.source if train.truth else train.target if same_kind else ()
        if source and candidates and not of_training:
            images["nearest training image"] = lambda: nearest(source, candidates, train.target)
    baselines = {name: partial(_with_images, outputs, make) for name, make in images.items()}
    if INPUT in baselines:  # it is not compared with itself
        baselines[INPUT] = partial(_with_images, replace(outputs, source=()), lambda: source)
    return baselines | _floor(outputs, train)


def of_samples(outputs: Outputs, train: RunImages) -> dict[str, Callable[[], Outputs]]:
    """Return baselines of generated images by name, which are made of training images."""
    images = _of_training_images(train.target, len(outputs.fake))
    unlabelled = replace(outputs, labels=(), real_labels=())
    baselines = {name: partial(_with_images, unlabelled, make) for name, make in images.items()}
    return baselines | _floor(outputs, train)


def _of_training_images(
    train: Sequence[Image], count: int
) -> dict[str, Callable[[], Sequence[Image]]]:
    # at most a tenth of the images: ten different images of twenty would not be mode collapse
    different = max(1, min(COLLAPSED_IMAGES, count // 10))
    repeated = "1 training image" if different == 1 else f"{different} training images"
    return {
        "mean target image": lambda: [mean_image(train)] * count,
        f"{repeated} repeated": lambda: repeat_images(train, count, different=different),
    }


def _with_images(outputs: Outputs, make: Callable[[], Sequence[Image]]) -> Outputs:
    """Return `outputs` with the images of a baseline, which have no cycle."""
    return replace(outputs, fake=make(), cycle=())


def _floor(outputs: Outputs, train: RunImages | None) -> dict[str, Callable[[], Outputs]]:
    """Return the floor: real training images, which are as close to test images as can be."""
    if train is None or not train.target:
        return {}
    labels = train.field("labels") if outputs.labels else None
    indices = [i * len(train.target) // len(outputs.fake) for i in range(len(outputs.fake))]
    if len(train.target) < len(outputs.fake):
        indices = list(range(len(train.target)))
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
    queries, candidates = (
        np.stack(
            [resize_pixels(image, (SEARCH_SIDE, SEARCH_SIDE)).ravel() for image in group]
        ).astype(float)
        for group in (images, sources)
    )
    # squared distances, without a term that is equal for all candidates
    distances = (candidates**2).sum(1) - 2 * queries @ candidates.T
    return [targets[index] for index in distances.argmin(1)]


def shift_colours(source: Sequence[Image], truth: Sequence[Image]) -> list[Image]:
    """Add one colour to all images, the one that brings their means closest to the ground truth.

    It uses the ground truth, which no method has: a method that beats it changes more than tint.
    """
    pairs = zip(truth, source, strict=True)
    shift = np.mean([t.mean((0, 1)) - s.mean((0, 1)) for t, s in pairs], axis=0)
    return [_round(image + shift) for image in source]


def transfer_colour_statistics(source: Sequence[Image], target: Sequence[Image]) -> list[Image]:
    """Scale each image's channels to the mean and standard deviation of all `target` images.

    Reinhard et al. (2001), on RGB. All `target` images have one size.
    """
    mean, deviation = np.mean(target, (0, 1, 2)), np.std(target, (0, 1, 2))
    return [
        _round((s - s.mean((0, 1))) / (s.std((0, 1)) + 1e-6) * deviation + mean) for s in source
    ]


def mean_image(images: Sequence[Image]) -> Image:
    """Return the mean of images of one size, the best output that ignores its input.

    It is blurred, and hard to beat in PSNR if the images are similar.
    """
    return _round(np.mean(images, axis=0))


def repeat_images(images: Sequence[Image], count: int, *, different: int = 10) -> list[Image]:
    """Return `count` images, of which only `different` differ, as after mode collapse."""
    chosen = images[:: max(1, len(images) // different)][:different]
    return [chosen[i % len(chosen)] for i in range(count)]


def average_pairs(images: NDArray[np.uint8], count: int, *, seed: int = 0) -> NDArray[np.uint8]:
    """Return `count` pixel averages of two images each, drawn from `images` (N, ...)."""
    chosen = np.random.default_rng(seed).choice(len(images), (2, count))
    return _round(images[chosen].mean(0))


def resize_and_crop(image: Image, size: tuple[int, int]) -> Image:
    """Return `image` scaled to cover (height, width) with its aspect kept, cropped to the centre.

    For baselines of training images, whose sizes may differ from those of the test images.
    """
    height, width = image.shape[:2]
    scale = max(size[0] / height, size[1] / width)
    large = resize_pixels(image, (round(height * scale), round(width * scale)))
    top, left = (large.shape[0] - size[0]) // 2, (large.shape[1] - size[1]) // 2
    return large[top : top + size[0], left : left + size[1]]


def _round(levels: NDArray[Any]) -> Image:
    return np.rint(levels).clip(0, 255).astype(np.uint8)
