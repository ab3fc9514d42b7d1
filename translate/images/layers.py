"""The pixels of an image as a format reads them: colours, alpha channel and palette indices."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.ImageFile import ImageFile

from translate.batches import MAX_CHANNELS
from translate.errors import BadImage, message_of
from translate.formats import Window

Pixels: TypeAlias = NDArray[Any]
"""(height, width, channels) of a type in `translate.batches.DTYPES`, in native byte order"""
WHITE: Mapping[np.dtype[Any], float] = {
    np.dtype("uint8"): 255,
    np.dtype("uint16"): 65535,
    np.dtype("int16"): 32767,
    np.dtype("float32"): 1,
}
"""the value of white, and of an opaque alpha channel, for each dtype"""


class Layers(NamedTuple):
    """The pixels of an image."""

    pixels: NDArray[Any]
    """(height, width) gray, (height, width, 3) RGB, or (height, width, channels) of other bands"""
    alpha: NDArray[Any] | None = None
    """(height, width), the alpha channel, of the dtype of `pixels`; None: opaque"""
    indices: NDArray[np.uint8] | None = None
    """(height, width) indices into the palette, if the file has one"""

    def composite_over_white(self) -> NDArray[Any]:
        """Return the pixels, composited over white by the alpha channel."""
        if self.alpha is None:
            return self.pixels
        dtype, alpha = self.pixels.dtype, self.alpha
        alpha = alpha if self.pixels.ndim == 2 else alpha[..., None]
        white = WHITE[dtype]
        if dtype.kind != "u":
            composited = white + (self.pixels - white) * (alpha / white)
            return (np.rint(composited) if dtype.kind == "i" else composited).astype(dtype)
        white = int(white)
        colours, alpha = self.pixels.astype(np.uint32), alpha.astype(np.uint32)
        composited = (colours * alpha + white * (white - alpha) + white // 2) // white
        return composited.astype(dtype)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def opaque(self) -> "Layers":
        """Return the image with an alpha channel that is opaque everywhere."""
        white = np.full(self.size, WHITE[self.pixels.dtype], self.pixels.dtype)
        return self._replace(alpha=white)

    def with_alpha(self) -> Pixels:
        """Return (height, width, channels) with the alpha channel last."""
        assert self.alpha is not None
        return np.dstack([self.pixels, self.alpha])

    def without_alpha(self) -> "Layers":
        """Return the image without its alpha channel; fully transparent pixels become white."""
        if self.alpha is None:
            return self
        pixels = self.pixels.copy()
        pixels[self.alpha == 0] = WHITE[pixels.dtype]
        return self._replace(pixels=pixels, alpha=None)

    def flatten(self, channels: int = 3) -> Pixels:
        """Return (height, width, channels) opaque pixels: gray for 1, RGB for 3."""
        return with_channels(self.composite_over_white(), channels)

    def upright(self, orientation: int) -> "Layers":
        """Return the image rotated and mirrored by an EXIF orientation from 1 to 8."""
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


def split_alpha(pixels: NDArray[Any], *, alpha: bool) -> Layers:
    """Return (height, width[, channels]) pixels as layers.

    Args:
        pixels: At least one channel without alpha.
        alpha: Whether the last channel is the alpha channel.

    Raises:
        ValueError: `pixels` have another shape.
    """
    count = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.ndim not in (2, 3) or not alpha < count <= MAX_CHANNELS:
        expected = f"(height, width, {1 + alpha} to {MAX_CHANNELS})"
        raise ValueError(f"pixels of the shape {pixels.shape}: expected {expected}")
    if pixels.ndim == 2:
        return Layers(pixels)
    colours = pixels[..., 0] if count - alpha == 1 else pixels[..., : count - alpha]
    return Layers(colours, pixels[..., -1] if alpha else None)


def with_channels(pixels: NDArray[Any], channels: int) -> Pixels:
    """Return opaque (height, width[, bands]) pixels as (height, width, channels).

    Gray becomes RGB, and RGB gray. Other changes of the number of channels raise `ValueError`.
    """
    pixels = np.ascontiguousarray(pixels)
    bands = pixels.shape[2] if pixels.ndim == 3 else 1
    if (bands, channels) == (1, 3):
        pixels = cv2.merge([pixels, pixels, pixels])
    elif (bands, channels) == (3, 1):
        pixels = to_gray(pixels)
    elif bands != channels:
        raise ValueError(f"has {bands} channels: expected {channels}")
    return pixels.reshape(*pixels.shape[:2], channels)


def to_gray(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return (height, width, 3) RGB as (height, width) luma, of the same dtype."""
    if pixels.dtype != np.int16:
        return cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    floats = cv2.cvtColor(pixels.astype(np.float32), cv2.COLOR_RGB2GRAY)
    return np.rint(floats).astype(np.int16)


def to_uint16(values: NDArray[Any]) -> NDArray[np.uint16]:
    """Return integers from 0 to 65535, or floats from 0 to 1, in 16 bits.

    Raises `ValueError` for values outside these ranges, as the meaning of such values is unknown.
    """
    if not np.isfinite(values).all():
        raise ValueError("not all values are finite")
    white = 1.0 if np.issubdtype(values.dtype, np.floating) else 65535
    least, most = values.min(), values.max()
    half_level = white / 131070
    if least < -half_level or most > white + half_level:
        raise ValueError(
            f"its values go from {least:g} to {most:g}: expected {values.dtype} from 0 to {white:g}"
        )
    return np.rint(np.clip(values, 0, white) * (65535 / white)).astype(np.uint16)


def layers_from_pillow(image: Image.Image) -> Layers:
    """Return the pixels of `image`; colours of more than eight bits become eight bits.

    Raises `ValueError` for values out of range.
    """
    stored_mode = str(image.tile[0].args) if isinstance(image, ImageFile) and image.tile else ""
    image.load()
    transparent = image.info.get("transparency")  # a value or colour; or bytes, for a palette
    if image.mode.startswith("I;16"):
        gray = np.asarray(image).astype(np.uint16)
        alpha = None if transparent is None else np.where(gray == transparent, 0, 65535)
        return Layers(gray, None if alpha is None else alpha.astype(np.uint16))
    if image.mode == "I":
        return Layers(to_uint16(np.asarray(image)))
    if image.mode == "F":
        return Layers(np.asarray(image).astype(np.float32))
    if isinstance(transparent, tuple) and max(transparent) > 255:
        raise ValueError("a transparent colour of 16 bits is not read in several frames")
    if image.mode in ("1", "L"):
        gray = np.asarray(image.convert("L"))
        if not isinstance(transparent, int):
            return Layers(gray)
        transparent *= {"L;2": 85, "L;4": 17}.get(stored_mode, 1)  # Pillow scales only the pixels
        return Layers(gray, np.where(gray == transparent, 0, 255).astype(np.uint8))
    if image.mode in ("P", "PA"):
        return _layers_from_palette(image)
    if image.mode in ("La", "RGBa"):
        image = image.convert(image.mode.upper())
    if image.mode == "LA":
        return Layers(*np.moveaxis(np.asarray(image), 2, 0))
    if image.has_transparency_data:
        return split_alpha(np.asarray(image.convert("RGBA")), alpha=True)
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return Layers(np.asarray(ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")))
    return Layers(np.asarray(image.convert("RGB")))


def _layers_from_palette(image: Image.Image) -> Layers:
    """Return the colours of a palette image, with the indices into its palette."""
    indices = np.asarray(image)
    has_alpha = image.has_transparency_data
    colours = np.asarray(image.convert("RGBA" if has_alpha else "RGB"))
    layers = split_alpha(colours, alpha=has_alpha)
    return layers._replace(indices=indices if indices.ndim == 2 else indices[..., 0])


class errors_as_bad_image:  # noqa: N801 - a class is faster than a generator; many per image
    """A context manager that turns any exception into a `BadImage` of the image at `path`."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, BadImage):
            raise BadImage(self._path, reason(error)) from error


def reason(error: Exception) -> str:
    """Return the message of an error, in one line."""
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
