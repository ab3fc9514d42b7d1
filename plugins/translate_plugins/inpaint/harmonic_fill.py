"""Harmonic fill: interpolate a hole smoothly from the pixels around it."""

import torch
import torch.nn.functional as F
from torch import Tensor

COARSE_STEPS, FULL_SIZE_STEPS = 12, 24
"""relaxation steps at each coarser size, and at the size of the images"""
HORIZONTAL_WEIGHT = 1.5
"""weight of the horizontal neighbours of a pixel, relative to 1 for the vertical ones, as images
change less from left to right than from top to bottom; 1 is Laplace's equation"""
SPECTRAL_RADIUS = 0.993
"""spectral radius that the Chebyshev iteration assumes; it suits holes of some dozens of pixels"""


def harmonic_fill(images: Tensor, hole: Tensor) -> Tensor:
    """Return `images`, (N, C, H, W), with an approximately harmonic function in the hole.

    The hole, (N, 1, H, W), gets a solution of the anisotropic Laplace equation
    ``HORIZONTAL_WEIGHT * u_xx + u_yy = 0`` with the known pixels as boundary values and no flux
    over the edge of the image. It is computed from coarse to fine: means of known pixels, as in the
    pull-push algorithm of Gortler et al. (1996, section 3.4), are relaxed at each size by Chebyshev
    iteration (Golub and Varga, 1961). An image without known pixels becomes 0.
    """
    return _fill(images.masked_fill(hole, 0.0), (~hole).to(images), FULL_SIZE_STEPS)


def _fill(images: Tensor, known_mask: Tensor, steps: int) -> Tensor:
    """Return `images` with unknown pixels, which are 0 in `images` and `known_mask`, filled."""
    if max(images.shape[2:]) == 1:
        return images
    known_fraction = F.avg_pool2d(known_mask, 2, ceil_mode=True)
    means = F.avg_pool2d(images, 2, ceil_mode=True) / known_fraction.clamp(min=1 / 4)
    coarse = _fill(means, (known_fraction > 0).to(images), COARSE_STEPS)
    guess = F.interpolate(coarse, size=images.shape[2:], mode="bilinear")
    return _relax(torch.lerp(guess, images, known_mask), 1 - known_mask, steps)


def _relax(images: Tensor, hole: Tensor, steps: int) -> Tensor:
    """Return `images` with the pixels of the hole relaxed towards the mean of their neighbours.

    The mean is weighted by `HORIZONTAL_WEIGHT`; the relaxation factor is that of Chebyshev
    iteration.
    """
    previous, relaxation = images, 1.0
    for step in range(steps):
        padded = F.pad(images, (1, 1, 1, 1), mode="replicate")
        mean = padded[..., 1:-1, :-2] + padded[..., 1:-1, 2:]
        mean.mul_(HORIZONTAL_WEIGHT).add_(padded[..., :-2, 1:-1]).add_(padded[..., 2:, 1:-1])
        mean.div_(2 * HORIZONTAL_WEIGHT + 2)
        previous, images = images, torch.lerp(previous, mean, relaxation * hole)
        relaxation = 1 / (1 - SPECTRAL_RADIUS**2 * relaxation / (4 if step else 2))
    return images
