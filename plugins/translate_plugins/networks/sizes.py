"""What networks share about sizes: how to halve images, and what to say to another size."""

import math

import torch.nn.functional as F
from torch import Tensor

from translate.errors import ConfigError

LARGEST_START = 32


def halved(x: Tensor) -> Tensor:
    """Return (N, C, H, W) at half its sides, rounded up: means of 3x3 pixels, without the padding.

    So pix2pixHD shows its networks smaller pictures (Wang et al., 2018).
    """
    return F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)


def halvings(size: tuple[int, int]) -> tuple[int, tuple[int, int]]:
    """Return how often both sides halve while they stay whole and at least 4, and what is left.

    64x64 halves four times to 4x4, 28x28 twice to 7x7, and 9x9 not at all.
    """
    (height, width), times = size, 0
    while height % 2 == width % 2 == 0 and min(height, width) >= 8:
        height, width, times = height // 2, width // 2, times + 1
    if max(height, width) > LARGEST_START:
        factor = 2 ** math.ceil(math.log2(max(size) / LARGEST_START))
        near = "x".join(str(max(4, math.ceil(side / factor)) * factor) for side in size)
        raise ConfigError(
            f"size: {size[0]}x{size[1]} halves to {height}x{width} and no further, too much for "
            f"one layer: choose sides that divide by {factor}, such as {near}."
        )
    return times, (height, width)


def expect_noise(x: Tensor) -> None:
    """Raise `ConfigError` unless `x` is noise (N, channels, 1, 1)."""
    height, width = x.shape[-2:]
    if (height, width) != (1, 1):
        raise ConfigError(
            f"generator: this one draws from noise of 1x1 pixel and cannot translate {height}x"
            f"{width}: choose one that takes images, such as resnet."
        )


def expect_size(x: Tensor, size: tuple[int, int]) -> None:
    """Raise `ConfigError` unless the images `x` (N, C, H, W) are of this size."""
    height, width = x.shape[-2:]
    if (height, width) != tuple(size):
        raise ConfigError(
            f"size: this network was made for {size[0]}x{size[1]} pixels and takes no others, not "
            f"{height}x{width}: give it images of that size, or train with the size that you have."
        )
