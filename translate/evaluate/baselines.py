"""Baselines that translate without learning: what a method has to beat, and what beating it shows.

All images are (H, W, C) uint8. A baseline returns one image for each image of the source or of
the ground truth.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.images.resize import resize_pixels

Image = NDArray[np.uint8]


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

    Baselines of training images use it, whose sizes may be others than those of the test images.
    """
    height, width = image.shape[:2]
    scale = max(size[0] / height, size[1] / width)
    large = resize_pixels(image, (round(height * scale), round(width * scale)))
    top, left = (large.shape[0] - size[0]) // 2, (large.shape[1] - size[1]) // 2
    return large[top : top + size[0], left : left + size[1]]


def _round(levels: NDArray[Any]) -> Image:
    return np.rint(levels).clip(0, 255).astype(np.uint8)
