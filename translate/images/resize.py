"""Resize and pad images."""

import cv2

from translate.images.layers import Pixels


def resize_pixels(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Return an image at another size: averaged when it gets smaller, bicubic when it gets larger.

    Args:
        pixels: (H, W, C), uint8 or uint16.
        size: Height and width.
    """
    height, width, channels = pixels.shape
    smaller = min(height, size[0]), min(width, size[1])
    for (rows, columns), how in ((smaller, cv2.INTER_AREA), (size, cv2.INTER_CUBIC)):
        if pixels.shape[:2] != (rows, columns):
            pixels = cv2.resize(pixels, (columns, rows), interpolation=how)
    return pixels.reshape(*size, channels)


def pad_to(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Return an image of at least this size; its edge is repeated on the right and at the bottom.

    Args:
        pixels: (H, W, C).
        size: Height and width.
    """
    height, width = pixels.shape[:2]
    missing = max(0, size[0] - height), max(0, size[1] - width)
    if not any(missing):
        return pixels
    padded = cv2.copyMakeBorder(pixels, 0, missing[0], 0, missing[1], cv2.BORDER_REPLICATE)
    return padded.reshape(*padded.shape[:2], pixels.shape[2])
