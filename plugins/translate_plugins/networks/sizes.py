"""Downsampling of images, and checks of their sizes."""

import math

import torch.nn.functional as F
from torch import Tensor

from translate.errors import ConfigError

LARGEST_START = 32
"""largest side in pixels that one layer may compute from a latent vector, or reduce to one"""


def halve_sides(x: Tensor) -> Tensor:
    """Return (N, C, H, W) at half its sides, rounded up, by average pooling of 3x3 pixels.

    Averages are of the pixels inside the image only, as in pix2pixHD (Wang et al., 2018).
    """
    return F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)


def halvings_and_final_size(size: tuple[int, int]) -> tuple[int, tuple[int, int]]:
    """Return how often both sides can be halved to integers of at least 4, and the final size.

    64x64 can be halved four times, to 4x4; 28x28 twice, to 7x7; 9x9 not at all. Raises
    `ConfigError` if a final side is above 32.
    """
    (height, width), count = size, 0
    while height % 2 == width % 2 == 0 and min(height, width) >= 8:
        height, width, count = height // 2, width // 2, count + 1
    if max(height, width) > LARGEST_START:
        factor = 2 ** math.ceil(math.log2(max(size) / LARGEST_START))
        nearest = "x".join(str(max(4, math.ceil(side / factor)) * factor) for side in size)
        raise ConfigError(
            f"size: {size[0]}x{size[1]} can be halved to {height}x{width} only, too large for "
            f"one layer: choose sides that divide by {factor}, such as {nearest}."
        )
    return count, (height, width)


def require_latent_vectors(x: Tensor) -> None:
    """Raise `ConfigError` unless `x` are latent vectors (N, channels, 1, 1)."""
    height, width = x.shape[-2:]
    if (height, width) != (1, 1):
        raise ConfigError(
            f"generator: this network takes latent vectors, not images of {height}x{width}: choose "
            "one that takes images, such as resnet."
        )


def require_image_size(x: Tensor, size: tuple[int, int]) -> None:
    """Raise `ConfigError` unless the images `x` (N, C, H, W) are of this size."""
    height, width = x.shape[-2:]
    if (height, width) != tuple(size):
        raise ConfigError(
            f"size: this network takes images of {size[0]}x{size[1]} pixels, not {height}x{width}: "
            "resize the images, or train with their size."
        )
