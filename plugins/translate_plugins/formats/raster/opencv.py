"""OpenCV as decoder of photographs and of colour images with 16 bits per channel."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from translate.formats import Header
from translate.images.layers import WHITE, Layers, split_alpha
from translate_plugins.formats.raster.pillow import FrameDetails

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # failures are returned as None

RGB_FLAGS = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
"""flags to decode to RGB; the EXIF orientation is applied after decoding, for all decoders"""
TO_RGB = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}
"""conversions from OpenCV's order of channels, by number of channels"""


def is_preferred(details: FrameDetails) -> bool:
    """Return whether OpenCV is to decode a file: it is faster for JPEG, exact for 16-bit colour."""
    header = details.header
    if details.frames > 1:
        return False  # OpenCV skips the default image of an animated PNG
    if header.bits > 8:  # Pillow truncates RGB, RGBA and LA to 8 bits
        return header.bits == 16 and header.mode in ("RGB", "RGBA", "LA")
    return header.mode in ("L", "RGB") and header.format in ("JPEG", "MPO", "WEBP")


def decode(data: bytes, header: Header) -> Layers | None:
    """Return the pixels of a file, or None if OpenCV cannot decode it to a supported dtype.

    Args:
        data: the content of the file.
        header: the header of the file.
    """
    if header.mode == "RGB" and header.bits == 8:
        rgb = _imdecode(data, RGB_FLAGS)
        return None if rgb is None else Layers(rgb)
    pixels = read_pixels(data)
    if pixels is None or pixels.dtype not in WHITE:
        return None
    alpha = pixels.shape[2:] == (4,)
    if header.gray and alpha:  # OpenCV converts gray with alpha to RGBA
        pixels = pixels[..., [0, 3]]
    return split_alpha(pixels, alpha=alpha)


def read_pixels(data: bytes) -> NDArray[Any] | None:
    """Return gray, RGB or RGBA pixels in the bit depth of the file; None if undecodable."""
    pixels = _imdecode(data, cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.shape[2:] not in ((), (3,), (4,)):
        return None
    return pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, TO_RGB[pixels.shape[2]])


def _imdecode(data: bytes, flags: int) -> NDArray[Any] | None:
    """Return decoded pixels; None if OpenCV cannot decode them."""
    try:
        pixels: NDArray[Any] | None = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except (cv2.error, MemoryError):
        return None
    return pixels
