"""Baselines that translate without learning: what a method has to beat, and what beating it shows.

All images are (H, W, C) uint8. A baseline returns one image for each image of the source or of
the ground truth.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.evaluate.outputs import Outputs
from translate.evaluate.result import FLOOR
from translate.evaluate.run_images import RunImages
from translate.images.resize import resize_pixels

Image = NDArray[np.uint8]
UNTOUCHED = "untouched input"
REPEATED = 10
"""largest number of training images that a collapsed generator repeats"""
SMALL = 16
"""side in pixels at which the nearest image is looked for"""


def of_translation(
    outputs: Outputs, train: RunImages | None, *, same_kind: bool, of_training: bool = False
) -> dict[str, Callable[[], Outputs]]:
    """Return baselines of a translation by name, each made when it is called.

    Those that do not apply are absent: of images with other channels or sizes, without ground truth
    or without training images.

    Args:
        outputs: The translations.
        train: Training images of both domains; None where they are not known.
        same_kind: The images of source and target have equal channels, and neither is a label map.
        of_training: The outputs are of training images, of which each is nearest to itself.
    """
    found: dict[str, Callable[[], Sequence[Image]]] = {}
    source, target = outputs.source, outputs.target
    reconstructs = all(map(np.array_equal, source, target)) if target else False
    if same_kind and source and not reconstructs:  # else the input is the ground truth
        found[UNTOUCHED] = lambda: source
        if target:
            found["best constant shift"] = lambda: shift_colours(source, target)
    if train and train.target:
        found |= _of_training(train.target, len(outputs.fake))
        if same_kind and source:
            found["colour statistics of training images"] = lambda: transfer_colour_statistics(
                source, train.target
            )
        known = train.source if train.truth else train.target if same_kind else ()
        if source and known and not of_training:
            found["nearest training image"] = lambda: nearest(source, known, train.target)
    changed = {name: partial(_replaced, outputs, make) for name, make in found.items()}
    if UNTOUCHED in changed:  # it is not compared with itself
        changed[UNTOUCHED] = partial(_replaced, replace(outputs, source=()), lambda: source)
    return changed | _floor(outputs, train)


def of_samples(outputs: Outputs, train: RunImages) -> dict[str, Callable[[], Outputs]]:
    """Return baselines of generated images by name: what can be made of training images."""
    found = _of_training(train.target, len(outputs.fake))
    plain = replace(outputs, labels=(), real_labels=())
    changed = {name: partial(_replaced, plain, make) for name, make in found.items()}
    return changed | _floor(outputs, train)


def _of_training(train: Sequence[Image], count: int) -> dict[str, Callable[[], Sequence[Image]]]:
    different = max(1, min(REPEATED, count // 10))  # ten of twenty images are no collapse
    repeated = "1 training image" if different == 1 else f"{different} training images"
    return {
        "mean target image": lambda: [mean_image(train)] * count,
        f"{repeated} repeated": lambda: repeat_images(train, count, different=different),
    }


def _replaced(outputs: Outputs, make: Callable[[], Sequence[Image]]) -> Outputs:
    """Return `outputs` with the images of a baseline, which nothing translates back."""
    return replace(outputs, fake=make(), cycle=())


def _floor(outputs: Outputs, train: RunImages | None) -> dict[str, Callable[[], Outputs]]:
    """Return real training images: what distances of sets are where nothing is wrong."""
    if train is None or not train.target:
        return {}
    labels = train.field("labels") if outputs.labels else None
    chosen = [place * len(train.target) // len(outputs.fake) for place in range(len(outputs.fake))]
    if len(train.target) < len(outputs.fake):
        chosen = list(range(len(train.target)))
    floor = Outputs(
        [train.names[place % len(train.names)] for place in chosen],
        [train.target[place] for place in chosen],
        labels=[int(labels[place]) for place in chosen] if labels is not None else (),
        real=outputs.real,
        real_labels=outputs.real_labels,
    )
    return {FLOOR: lambda: floor}


def nearest(
    images: Sequence[Image], known: Sequence[Image], answers: Sequence[Image]
) -> list[Image]:
    """Return for each image the answer of the known image that is closest to it.

    Args:
        images: Any images.
        known: Images with as many channels, compared at 16x16 pixels by squared differences.
        answers: One for each known image.
    """
    one, other = (
        np.stack([resize_pixels(image, (SMALL, SMALL)).ravel() for image in each]).astype(float)
        for each in (images, known)
    )
    squares = (other**2).sum(1) - 2 * one @ other.T  # up to what is equal for all known images
    return [answers[place] for place in squares.argmin(1)]


def shift_colours(source: Sequence[Image], truth: Sequence[Image]) -> list[Image]:
    """Shift all images by the one colour that brings their means closest to the ground truth.

    It knows the ground truth, which no method does: to beat it takes more than a tint.
    """
    pairs = zip(truth, source, strict=True)
    shift = np.mean([t.mean((0, 1)) - s.mean((0, 1)) for t, s in pairs], axis=0)
    return [_round(image + shift) for image in source]


def transfer_colour_statistics(source: Sequence[Image], target: Sequence[Image]) -> list[Image]:
    """Give each image the channel means and deviations of all `target` images.

    Reinhard et al. (2001), on RGB. All `target` images have one size.
    """
    mean, deviation = np.mean(target, (0, 1, 2)), np.std(target, (0, 1, 2))
    return [
        _round((s - s.mean((0, 1))) / (s.std((0, 1)) + 1e-6) * deviation + mean) for s in source
    ]


def mean_image(images: Sequence[Image]) -> Image:
    """Return the mean of images of one size: what a method gives that ignores its input.

    Blurred, and hard to beat in PSNR where images are alike.
    """
    return _round(np.mean(images, axis=0))


def repeat_images(images: Sequence[Image], count: int, *, different: int = 10) -> list[Image]:
    """Return `count` images, of which only `different` differ: a generator that collapsed."""
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
