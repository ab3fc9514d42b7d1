"""Colours that flow into a hole from around it: what a filling can have without any learning."""

import torch
import torch.nn.functional as F
from torch import Tensor

TURNS, LAST_TURNS = 12, 24
"""of relaxation for each size of the picture, and for the picture itself"""
ALONG = 1.5
"""times that colours flow more easily along the horizon, along which photographs change less"""
RADIUS = 0.993
"""spectral radius that the relaxation is tuned to: holes of some dozens of pixels"""


def flowed(images: Tensor, hole: Tensor) -> Tensor:
    """Return `images`, (N, C, H, W), with each pixel in the hole, (N, 1, H, W), as its neighbours.

    The solution of Laplace's equation with what is known around it, stretched by `ALONG`, and with
    nothing flowing over the edge of the picture. It is found from coarse to fine (a pyramid of
    means of what is known, as the "pull-push" of Gortler et al., 1996, section 3.4), at each size
    relaxed by Chebyshev's iteration (Golub and Varga, 1961). A picture without any known pixel is
    zero.
    """
    return _filled(images.masked_fill(hole, 0.0), (~hole).to(images), LAST_TURNS)


def _filled(images: Tensor, known: Tensor, turns: int) -> Tensor:
    """Return `images`, which are zero where nothing is `known`, filled there."""
    if max(images.shape[2:]) == 1:
        return images
    weight = F.avg_pool2d(known, 2, ceil_mode=True)
    means = F.avg_pool2d(images, 2, ceil_mode=True) / weight.clamp(min=1 / 4)
    coarse = _filled(means, (weight > 0).to(images), TURNS)
    guess = F.interpolate(coarse, size=images.shape[2:], mode="bilinear")
    return _relaxed(torch.lerp(guess, images, known), 1 - known, turns)


def _relaxed(images: Tensor, hole: Tensor, turns: int) -> Tensor:
    """Return `images` where each pixel of the hole is closer to the mean of its neighbours."""
    before, pace = images, 1.0
    for turn in range(turns):
        ringed = F.pad(images, (1, 1, 1, 1), mode="replicate")
        mean = ringed[..., 1:-1, :-2] + ringed[..., 1:-1, 2:]
        mean.mul_(ALONG).add_(ringed[..., :-2, 1:-1]).add_(ringed[..., 2:, 1:-1])
        before, images = images, torch.lerp(before, mean.div_(2 * ALONG + 2), pace * hole)
        pace = 1 / (1 - RADIUS**2 * pace / (4 if turn else 2))
    return images
