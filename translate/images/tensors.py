"""Images as tensors: to floats in [-1, 1] on a device, and back."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from translate.images.layers import Pixels

# -- images as numbers ---------------------------------------------------------------------------


def as_tensor(pixels: Pixels) -> Tensor:
    """Return `pixels` as (channels, height, width), a copy of the same type."""
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())


def to_device(images: Tensor, device: torch.device | str) -> Tensor:
    """Return images as floats in [-1, 1]; they are copied to the device in their own type.

    Args:
        images: (N, C, H, W), uint8, uint16, or float32 in [0, 1].
        device: The device to copy to.
    """
    half = {torch.uint8: 127.5, torch.uint16: 32767.5, torch.float32: 0.5}[images.dtype]
    return images.to(device, non_blocking=True).to(torch.float32).div_(half).sub_(1)


def from_device(images: Tensor) -> NDArray[np.uint8]:
    """Return images as 8-bit levels on the CPU, clamped and rounded.

    Args:
        images: (N, C, H, W) in [-1, 1]; values must be finite.

    Returns:
        (N, H, W, C), uint8.
    """
    levels = images.detach().float().clamp(-1, 1).add(1).mul(127.5).round()
    return levels.to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()


def from_device_as_floats(images: Tensor) -> NDArray[np.float32]:
    """Return images as floats in [0, 1] on the CPU, clamped.

    Args:
        images: (N, C, H, W) in [-1, 1]; values must be finite.

    Returns:
        (N, H, W, C), float32.
    """
    shares = images.detach().float().clamp(-1, 1).add(1).mul(0.5)
    return shares.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def to_uint8(pixels: Pixels) -> NDArray[np.uint8]:
    """Return `pixels` in eight bits: sixteen-bit ones rounded to the nearest of 256 levels."""
    return pixels if pixels.dtype == np.uint8 else _bytes(pixels / 257)


def _bytes(levels: NDArray[Any]) -> NDArray[np.uint8]:
    return np.rint(levels).astype(np.uint8)
