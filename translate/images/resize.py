"""Resize and pad images."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from translate.images.layers import Pixels


def resize_pixels(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Return an image at another size, by Pillow's bicubic filter, which is antialiased.

    Args:
        pixels: (H, W, C), of any dtype; integers are rounded, and clipped to their dtype's range.
        size: Height and width.
    """
    if pixels.shape[:2] == size:
        return pixels
    if pixels.dtype == np.uint8 and pixels.shape[2] == 3:
        return _resize_with_pillow(pixels, size)
    return np.stack([_resize_channel(channel, size) for channel in np.moveaxis(pixels, 2, 0)], 2)


def _resize_channel(channel: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    if channel.dtype == np.uint8:
        return _resize_with_pillow(channel, size)
    resized = _resize_with_pillow(channel.astype(np.float32), size)
    if not np.issubdtype(channel.dtype, np.integer):
        return resized
    limits = np.iinfo(channel.dtype)
    return np.rint(resized).clip(limits.min, limits.max).astype(channel.dtype)


def _resize_with_pillow(pixels: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Return an image of a dtype that Pillow has, uint8 or float32, at another size."""
    image = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(image.resize(size[::-1], Image.Resampling.BICUBIC))


def pad_to(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Return an image padded to at least `size` by its last row and column.

    Args:
        pixels: (H, W, C).
        size: Height and width.
    """
    bottom, right = (max(0, size[axis] - pixels.shape[axis]) for axis in (0, 1))
    if not bottom and not right:
        return pixels
    padded = cv2.copyMakeBorder(pixels, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
    return padded.reshape(*padded.shape[:2], pixels.shape[2])
