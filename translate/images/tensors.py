"""Convert images to tensors in [-1, 1] on a device, and back to the pixel values of their domain.

The ends of the domain's `range` become -1 and 1, and values outside the range are clipped. Images
of another dtype than the domain's are scaled: 65535 in uint16 is 255 in uint8. Integers in the
range are restored exactly: ``from_device(to_device(x)) == x``.
"""

from os import PathLike
from typing import Any, BinaryIO, TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from translate.batches import UNNAMED, Domain
from translate.images.domains.levels import from_network_range, to_network_range
from translate.images.layers import Pixels

FileLike: TypeAlias = str | PathLike[str] | bytes | bytearray | memoryview | BinaryIO
"""A path, the content of a file, or a file open in mode ``rb``."""
ImageInput: TypeAlias = FileLike | Image.Image | NDArray[Any] | Tensor
"""An image in a form that `translate.api.Translator` takes."""


def as_tensor(pixels: Pixels) -> Tensor:
    """Return a copy of `pixels` as (channels, height, width), of the same dtype."""
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())


def as_pixels(image: Tensor) -> Pixels:
    """Return an image (channels, height, width) on the CPU as pixels, of the same dtype."""
    pixels: Pixels = image.permute(1, 2, 0).contiguous().numpy()
    return pixels


def planar(pixels: Pixels) -> Tensor:
    """Return `pixels` as a contiguous tensor (channels, height, width), copied only if needed."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


def planar_copy(image: Tensor) -> Tensor:
    """Return a contiguous copy of an image (channels, height, width)."""
    if image.stride(2) == 1:
        return image.clone(memory_format=torch.contiguous_format)
    pixels = image.permute(1, 2, 0).numpy()
    if image.shape[0] != 3 or image.dtype != torch.uint8:
        return as_tensor(pixels)
    planes = np.empty(image.shape, pixels.dtype)
    cv2.split(np.ascontiguousarray(pixels), list(planes))  # three times as fast as NumPy
    return torch.from_numpy(planes)


def to_device(images: Tensor, device: torch.device | str, domain: Domain = UNNAMED) -> Tensor:
    """Return images as floats in [-1, 1]; they are copied to the device before the conversion.

    Args:
        images: (N, C, H, W) of a dtype in `translate.batches.DTYPES`.
        device: The device to copy to.
        domain: The domain; its `range` is mapped to [-1, 1].
    """
    floats = images.to(device, non_blocking=True).to(torch.float32)
    floats = floats.clone() if floats is images else floats
    return to_network_range(floats, str(images.dtype).removeprefix("torch."), domain)


def network_input(pixels: Pixels, device: torch.device | str, domain: Domain) -> Tensor:
    """Return one image, with its mask if it has one, as the input of a network.

    Args:
        pixels: (H, W, C); a channel after those of the domain is a mask, 255 (in 8 bits) or 0.
        device: The device to copy to.
        domain: The domain; its `range` is mapped to [-1, 1].

    Returns:
        (1, C, H, W): the image in [-1, 1]; the mask is 1 or -1, whatever the range is.
    """
    tensor = as_tensor(pixels)[None]
    image, mask = tensor[:, : domain.channels], tensor[:, domain.channels :]
    return torch.cat([to_device(image, device, domain), to_device(mask, device)], dim=1)


def from_device(images: Tensor, domain: Domain = UNNAMED, dtype: str = "") -> NDArray[Any]:
    """Return images as pixel values on the CPU, clamped and rounded: the inverse of `to_device`.

    Args:
        images: (N, C, H, W) in [-1, 1]; values must be finite.
        domain: The domain; [-1, 1] is mapped to its `range`.
        dtype: The dtype of the result; empty: the domain's. For another dtype values are scaled:
            255 in uint8 becomes 1.0 in float32.

    Returns:
        (N, H, W, C) of the given dtype.
    """
    dtype = dtype or domain.dtype
    levels = from_network_range(images.detach().float(), dtype, domain)
    if dtype != "float32":
        limits = np.iinfo(dtype)
        levels = levels.round().clamp(limits.min, limits.max).to(getattr(torch, dtype))
    return levels.permute(0, 2, 3, 1).contiguous().cpu().numpy()
