"""Antialiased downsampling and upsampling, which make a network more shift-equivariant."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class BlurDown(nn.Module):
    """Halve the sides of (N, channels, H, W): blur by [1, 2, 1], then take every other pixel.

    Zhang (2019), section 3.2, instead of a stride, which aliases. Odd sides are rounded up.
    """

    filt: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("filt", _kernel([1, 2, 1], channels))

    def forward(self, x: Tensor) -> Tensor:
        padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
        return F.conv2d(padded, self.filt, stride=2, groups=x.shape[1])


class BlurUp(nn.Module):
    """Double the sides of (N, channels, H, W): insert zeros, then blur by [1, 3, 3, 1]."""

    filt: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("filt", 4 * _kernel([1, 3, 3, 1], channels))

    def forward(self, x: Tensor) -> Tensor:
        padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
        doubled = F.conv_transpose2d(padded, self.filt, stride=2, padding=2, groups=x.shape[1])
        return doubled[..., 1:-1, 1:-1]


def _kernel(row: list[int], channels: int) -> Tensor:
    """Return the outer product of `row` with itself, scaled to sum 1: (channels, 1, side, side)."""
    weights = torch.tensor(row, dtype=torch.float)
    outer_product = weights[:, None] * weights
    return (outer_product / outer_product.sum()).repeat(channels, 1, 1, 1)
