"""The pixels of an image as a decoder gives them, and what may go wrong on the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from translate.errors import BadImage, words

WHITE = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}


class Decoded(NamedTuple):
    """The pixels of an image."""

    pixels: NDArray[Any]
    """(height, width) gray or (height, width, 3) RGB, uint8 or uint16"""
    alpha: NDArray[Any] | None = None
    """(height, width) opacity of the same type; None: opaque"""
    indices: NDArray[np.uint8] | None = None
    """(height, width) numbers of a palette's colours, where the file has a palette"""

    def over_white(self) -> NDArray[Any]:
        """Return the pixels with white shining through what is transparent."""
        if self.alpha is None:
            return self.pixels
        white = WHITE[self.pixels.dtype]
        colour, alpha = self.pixels.astype(np.uint32), self.alpha.astype(np.uint32)
        alpha = alpha if colour.ndim == 2 else alpha[..., None]
        shown = (colour * alpha + white * (white - alpha) + white // 2) // white
        return shown.astype(self.pixels.dtype)

    def upright(self, orientation: int) -> "Decoded":
        """Return the image turned by an EXIF tag."""
        alpha, indices = (
            None if band is None else _upright(band, orientation)
            for band in (self.alpha, self.indices)
        )
        return Decoded(_upright(self.pixels, orientation), alpha, indices)


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong with the image at `path` into a `BadImage`."""
    try:
        yield
    except BadImage:
        raise
    except Exception as error:
        raise BadImage(path, reason(error)) from error


def reason(error: Exception) -> str:
    """Return what went wrong, in one line."""
    match error:
        case MemoryError():
            return "not enough memory"
        case cv2.error():
            return f"OpenCV refuses it: {' '.join(str(error.err or error).split())}"
        case OSError(strerror=str(text)):
            return text
    return " ".join(words(error).split()) or type(error).__name__


def apart(pixels: NDArray[Any]) -> Decoded:
    """Return gray, RGB or RGBA pixels with what is transparent apart."""
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        return Decoded(pixels[..., :3], pixels[..., 3])
    return Decoded(pixels)


def from_numbers(values: NDArray[Any]) -> NDArray[np.uint16]:
    """Return whole numbers from 0 to 65535, or floats from 0 to 1, in 16 bits.

    Raises `ValueError` for others: the range of one file says nothing of the next one's.
    """
    if not np.isfinite(values).all():
        raise ValueError("not all values are finite")
    white = 1.0 if np.issubdtype(values.dtype, np.floating) else 65535
    least, most = values.min(), values.max()
    slack = white / 131070  # half a level
    if least < -slack or most > white + slack:
        raise ValueError(
            f"its values go from {least:g} to {most:g}: expected {values.dtype} from 0 to {white:g}"
        )
    return np.rint(np.clip(values, 0, white) * (65535 / white)).astype(np.uint16)


def _upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    if orientation in (3, 4, 6, 7):
        pixels = pixels[::-1]
    if orientation in (2, 3, 7, 8):
        pixels = pixels[:, ::-1]
    return pixels.swapaxes(0, 1) if orientation > 4 else pixels
