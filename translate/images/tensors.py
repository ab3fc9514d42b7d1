"""Images as tensors: to floats in [-1, 1] on a device, and back."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from translate.batches import Domain
from translate.images.layers import Pixels
from translate.images.levels import UNNAMED, from_unit, to_unit


def as_tensor(pixels: Pixels) -> Tensor:
    """Return `pixels` as (channels, height, width), a copy of the same type."""
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())


def to_device(images: Tensor, device: torch.device | str, domain: Domain = UNNAMED) -> Tensor:
    """Return images as floats in [-1, 1]; they are copied to the device in their own type.

    Args:
        images: (N, C, H, W), uint8, uint16, or float32 in [0, 1]. Numbers of another type than the
            domain's are taken in proportion: 65535 of uint16 is 255 of uint8.
        device: The device to copy to.
        domain: Its `range` becomes [-1, 1].
    """
    floats = images.to(device, non_blocking=True).to(torch.float32)
    floats = floats.clone() if floats is images else floats
    return to_unit(floats, _name(images.dtype), domain)


def network_input(pixels: Pixels, device: torch.device | str, domain: Domain) -> Tensor:
    """Return one image, and its mask where it has one, as the input of a network.

    Args:
        pixels: (H, W, C); a channel after those of the domain is a mask, 255 (of 8 bits) or 0.
        device: The device to copy to.
        domain: Its `range` becomes [-1, 1].

    Returns:
        (1, C, H, W): the image in [-1, 1], the mask of 1 and -1 whatever the range is.
    """
    tensor = as_tensor(pixels)[None]
    image, mask = tensor[:, : domain.channels], tensor[:, domain.channels :]
    return torch.cat([to_device(image, device, domain), to_device(mask, device)], dim=1)


def from_device(images: Tensor, domain: Domain = UNNAMED) -> NDArray[np.uint8]:
    """Return images as 8-bit levels on the CPU, clamped and rounded: the inverse of `to_device`.

    Args:
        images: (N, C, H, W) in [-1, 1]; values must be finite.
        domain: [-1, 1] becomes its `range`.

    Returns:
        (N, H, W, C), uint8.
    """
    levels = from_unit(images.detach().float(), "uint8", domain).round()
    return levels.to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()


def from_device_as_floats(images: Tensor, domain: Domain = UNNAMED) -> NDArray[np.float32]:
    """Return images as floats in [0, 1] on the CPU, clamped.

    Args:
        images: (N, C, H, W) in [-1, 1]; values must be finite.
        domain: [-1, 1] becomes its `range`, of which 1.0 is the brightest intensity.

    Returns:
        (N, H, W, C), float32.
    """
    levels = from_unit(images.detach().float(), "float32", domain)
    return levels.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def _name(dtype: torch.dtype) -> str:
    """Return the name of a type, as NumPy has it."""
    return str(dtype).removeprefix("torch.")
