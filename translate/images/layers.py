"""The pixels of an image as a format reads them: colours, opacity and palette indices."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.ImageFile import ImageFile

from translate.errors import BadImage, message_of
from translate.formats import Window

Pixels: TypeAlias = NDArray[Any]
"""(height, width, channels), uint8 or uint16"""
WHITE = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}


class Layers(NamedTuple):
    """The pixels of an image."""

    pixels: NDArray[Any]
    """(height, width) gray or (height, width, 3) RGB, uint8 or uint16"""
    alpha: NDArray[Any] | None = None
    """(height, width) opacity of the same type; None: opaque"""
    indices: NDArray[np.uint8] | None = None
    """(height, width) numbers of a palette's colours, where the file has a palette"""

    def composite_over_white(self) -> NDArray[Any]:
        """Return the opaque pixels, with white behind what is transparent."""
        if self.alpha is None:
            return self.pixels
        white = WHITE[self.pixels.dtype]
        colour, alpha = self.pixels.astype(np.uint32), self.alpha.astype(np.uint32)
        alpha = alpha if colour.ndim == 2 else alpha[..., None]
        shown = (colour * alpha + white * (white - alpha) + white // 2) // white
        return shown.astype(self.pixels.dtype)

    def flatten(self, channels: int = 3) -> Pixels:
        """Return (height, width, channels) opaque pixels: gray for 1, RGB for 3."""
        return with_channels(self.composite_over_white(), channels)

    def upright(self, orientation: int) -> "Layers":
        """Return the image turned as an EXIF orientation from 1 to 8 says."""
        return self._map(lambda layer: _upright(layer, orientation))

    def crop(self, window: Window | None) -> "Layers":
        """Return the part of the image in `window`; None: all of it."""
        if window is None:
            return self
        top, left, height, width = window
        return self._map(lambda layer: layer[top : top + height, left : left + width])

    def _map(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> "Layers":
        alpha = None if self.alpha is None else change(self.alpha)
        indices = None if self.indices is None else change(self.indices)
        return Layers(change(self.pixels), alpha, indices)


def split_alpha(pixels: NDArray[Any]) -> Layers:
    """Return (height, width[, 1 to 4]) pixels as layers: the second or fourth channel is alpha.

    Raises `ValueError` for another shape.
    """
    if pixels.ndim not in (2, 3) or pixels.shape[2:] not in ((), (1,), (2,), (3,), (4,)):
        raise ValueError(f"pixels of the shape {pixels.shape}: expected (height, width, 1 to 4)")
    if pixels.ndim == 2:
        return Layers(pixels)
    count = pixels.shape[2]
    colours = pixels[..., :3] if count > 2 else pixels[..., 0]
    return Layers(colours, pixels[..., -1] if count in (2, 4) else None)


def with_channels(pixels: NDArray[Any], channels: int) -> Pixels:
    """Return opaque (height, width[, 3]) pixels as (height, width, channels)."""
    pixels = np.ascontiguousarray(pixels)
    if channels == 3 and pixels.ndim == 2:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    elif channels == 1 and pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return pixels.reshape(*pixels.shape[:2], channels)


def convert_channels(pixels: Pixels, channels: int) -> Pixels:
    """Return (height, width, 1, 3 or 4) pixels as opaque ones with so many channels."""
    return split_alpha(pixels).flatten(channels)


def to_uint16(values: NDArray[Any]) -> NDArray[np.uint16]:
    """Return integers from 0 to 65535, or floats from 0 to 1, in 16 bits.

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


def layers_from_pillow(image: Image.Image) -> Layers:
    """Return the pixels of `image`; colour of more than eight bits is cut to eight.

    Raises `ValueError` for numbers that are out of range.
    """
    stored = str(image.tile[0].args) if isinstance(image, ImageFile) and image.tile else ""
    image.load()
    key = image.info.get("transparency")
    if image.mode.startswith("I;16"):
        deep = np.asarray(image).astype(np.uint16)
        return Layers(deep, None if key is None else np.where(deep == key, 0, 65535).astype("u2"))
    if image.mode in ("I", "F"):
        return Layers(to_uint16(np.asarray(image)))
    if isinstance(key, tuple) and max(key) > 255:
        raise ValueError("a transparent colour of 16 bits is not read in several frames")
    if image.mode in ("1", "L"):
        gray = np.asarray(image.convert("L"))
        if not isinstance(key, int):
            return Layers(gray)
        key *= {"L;2": 85, "L;4": 17}.get(stored, 1)  # Pillow scales the pixels, not this
        return Layers(gray, np.where(gray == key, 0, 255).astype(np.uint8))
    if image.mode in ("P", "PA"):
        return _of_palette(image)
    if image.mode in ("La", "RGBa"):
        image = image.convert(image.mode.upper())
    if image.mode == "LA":
        return Layers(*np.moveaxis(np.asarray(image), 2, 0))
    if image.has_transparency_data:
        return split_alpha(np.asarray(image.convert("RGBA")))
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return Layers(np.asarray(ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")))
    return Layers(np.asarray(image.convert("RGB")))


def _of_palette(image: Image.Image) -> Layers:
    """Return the colours of a palette image, with their indices."""
    indices = np.asarray(image)
    transparent = image.has_transparency_data
    colours = split_alpha(np.asarray(image.convert("RGBA" if transparent else "RGB")))
    return colours._replace(indices=indices if indices.ndim == 2 else indices[..., 0])


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Turn any exception in the block into a `BadImage` of the image at `path`."""
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
    return " ".join(message_of(error).split()) or type(error).__name__


def _upright(layer: NDArray[Any], orientation: int) -> NDArray[Any]:
    if orientation in (3, 4, 6, 7):
        layer = layer[::-1]
    if orientation in (2, 3, 7, 8):
        layer = layer[:, ::-1]
    return layer.swapaxes(0, 1) if orientation > 4 else layer
