"""Harmonic fill: interpolate a hole smoothly from the pixels around it."""

import torch
import torch.nn.functional as F
from torch import Tensor

STEPS, LAST_STEPS = 12, 24
"""relaxation steps at each coarser size, and at the size of the image"""
HORIZONTAL = 1.5
"""weight of horizontal neighbours, as photographs change less along the horizon"""
RADIUS = 0.993
"""spectral radius that the Chebyshev iteration assumes: holes of some dozens of pixels"""


def harmonic_fill(images: Tensor, hole: Tensor) -> Tensor:
    """Return `images`, (N, C, H, W), with an approximately harmonic function in the hole.

    The hole, (N, 1, H, W), gets a solution of Laplace's equation with the known pixels as boundary
    values and no flux over the edge of the image. It is computed from coarse to fine: means of
    known pixels, as in the pull-push algorithm of Gortler et al. (1996, section 3.4), are relaxed
    at each size by Chebyshev iteration (Golub and Varga, 1961). An image without known pixels is 0.
    """
    return _filled(images.masked_fill(hole, 0.0), (~hole).to(images), LAST_STEPS)


def _filled(images: Tensor, known: Tensor, turns: int) -> Tensor:
    """Return `images`, which are 0 where they are not `known`, filled there."""
    if max(images.shape[2:]) == 1:
        return images
    weight = F.avg_pool2d(known, 2, ceil_mode=True)
    means = F.avg_pool2d(images, 2, ceil_mode=True) / weight.clamp(min=1 / 4)
    coarse = _filled(means, (weight > 0).to(images), STEPS)
    guess = F.interpolate(coarse, size=images.shape[2:], mode="bilinear")
    return _relaxed(torch.lerp(guess, images, known), 1 - known, turns)


def _relaxed(images: Tensor, hole: Tensor, turns: int) -> Tensor:
    """Return `images` with the pixels of the hole relaxed towards the mean of their neighbours."""
    before, pace = images, 1.0
    for turn in range(turns):
        ringed = F.pad(images, (1, 1, 1, 1), mode="replicate")
        mean = ringed[..., 1:-1, :-2] + ringed[..., 1:-1, 2:]
        mean.mul_(HORIZONTAL).add_(ringed[..., :-2, 1:-1]).add_(ringed[..., 2:, 1:-1])
        before, images = images, torch.lerp(before, mean.div_(2 * HORIZONTAL + 2), pace * hole)
        pace = 1 / (1 - RADIUS**2 * pace / (4 if turn else 2))
    return images
