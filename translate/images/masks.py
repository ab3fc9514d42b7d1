"""Masks: which pixels of an image are the hole that inpainting fills.

=============================================  =====================================================
mask                                           hole
=============================================  =====================================================
gray or colour                                 pixels lighter than middle gray
only 0 and 1, in any bit depth                 pixels of 1
a palette, of which two colours are used       pixels of the lighter colour
a painted layer: transparent with few colours  opaque pixels, of any colour
=============================================  =====================================================

Other masks are errors: a mask without a hole; a layer with transparent parts and many colours, as
either part may be the hole; and a palette of three or more colours that are not gray.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from translate.errors import BadImage
from translate.images.layers import (
    WHITE,
    Layers,
    errors_as_bad_image,
    layers_from_pillow,
    split_alpha,
)
from translate.images.source import EncodedImage

MAX_COLOURS = 32
"""largest number of colours of a painted layer"""
MAX_GRAY_DIFFERENCE = 16
"""largest difference of levels between the channels of a colour that counts as gray"""
Hole = NDArray[np.uint8]
"""(height, width, 1) bytes: 255 in the hole, else 0"""


class OpenImage(Protocol):
    """Reads the file of an image, as `EncodedImage.open` does."""

    def __call__(self, path: Path, *, max_pixels: int, advice: str = "") -> EncodedImage:
        """Return the content; raises `BadImage`."""


def open_mask(
    mask: Path, path: Path, max_pixels: int, open_image: OpenImage = EncodedImage.open
) -> EncodedImage:
    """Read the file `mask` for the image at `path`; raises `BadImage` for `path`."""
    with _mask_errors_as_bad_image(path):
        return open_image(mask, max_pixels=max_pixels)


def hole_from_mask(mask: EncodedImage, path: Path) -> Hole:
    """Return the hole of `mask` for the image at `path`; raises `BadImage` for `path`."""
    with _mask_errors_as_bad_image(path):
        return hole_from_file(mask)


@contextmanager
def _mask_errors_as_bad_image(path: Path) -> Iterator[None]:
    """Turn a `BadImage` of a mask into a `BadImage` of the image at `path`."""
    try:
        yield
    except BadImage as error:
        verb = "" if error.reason.startswith(("has ", "is ")) else "cannot be read, "
        raise BadImage(path, f"its mask {verb}{error.reason}: {error.path}") from error


def hole_from_alpha(layers: Layers, path: Path) -> Hole:
    """Return the fully transparent pixels of the image at `path`; `BadImage` if there are none."""
    if layers.alpha is None or layers.alpha.all():
        raise BadImage(path, "has no hole: nothing is transparent, and no --mask has a file for it")
    return _hole_bytes(layers.alpha == 0)


def hole_from_file(mask: EncodedImage) -> Hole:
    """Return the hole of a mask file; raises `BadImage` for the mask."""
    layers = mask.decode_layers()
    with errors_as_bad_image(mask.path):
        return hole_from_layers(layers)


def hole_from_pillow(mask: Image.Image) -> Hole:
    """Return the hole of a mask in memory; raises `ValueError`."""
    return hole_from_layers(layers_from_pillow(ImageOps.exif_transpose(mask)))


def hole_from_array(mask: NDArray[Any]) -> Hole:
    """Return the hole of a mask (height, width[, 1, 3 or 4]); raises `ValueError`.

    Numbers are uint8 or uint16 as in a file, booleans, or zeros and ones of any dtype.
    """
    pixels = mask[..., 0] if mask.shape[2:] == (1,) else mask
    if not pixels.size or pixels.ndim not in (2, 3) or pixels.shape[2:] not in ((), (3,), (4,)):
        raise ValueError(f"has the shape {mask.shape}: expected (height, width[, 1, 3 or 4])")
    if pixels.dtype not in WHITE:
        if pixels.ndim != 2 or not np.isin(pixels, (0, 1)).all():
            raise ValueError(f"is {mask.dtype}: expected uint8, uint16, booleans or only 0 and 1")
        pixels = pixels.astype(np.uint8)
    return hole_from_layers(split_alpha(pixels, alpha=pixels.shape[2:] == (4,)))


def hole_from_layers(mask: Layers) -> Hole:
    """Return the hole of a decoded mask; raises `ValueError` if there is none."""
    if mask.alpha is not None and (mask.alpha < WHITE[mask.alpha.dtype]).any():
        return _hole_from_paint(mask.pixels, mask.alpha)
    gray = mask.pixels
    if gray.ndim == 3:
        if mask.indices is not None:
            _require_gray_or_two_colours(gray)
        gray = cv2.cvtColor(np.ascontiguousarray(gray), cv2.COLOR_RGB2GRAY)
    values = np.unique(gray)
    white, largest = WHITE[gray.dtype], int(values[-1])
    if largest == 1 or (mask.indices is not None and len(values) == 2):
        return _hole_bytes(gray == largest)
    if 2 * largest < white:
        of_white = f" of {white}" if white > 255 else ""
        raise ValueError(f"has no hole: nothing in it is white (largest value {largest}{of_white})")
    return _hole_bytes(2 * gray.astype(np.uint32) > white)


def _hole_from_paint(pixels: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> Hole:
    """Return the pixels of a painted layer that are more than half opaque."""
    painted = 2 * alpha.astype(np.uint32) > WHITE[alpha.dtype]
    if not painted.any():
        raise ValueError("has no hole: nothing is painted on its transparent ground")
    if len(_distinct_colours(pixels[alpha == WHITE[alpha.dtype]])) > MAX_COLOURS:
        raise ValueError(
            "is an image with transparent parts, not a painted layer: make the mask white on "
            "black; or make the hole transparent in the image itself, and pass no mask"
        )
    return _hole_bytes(painted)


def _require_gray_or_two_colours(pixels: NDArray[np.uint8]) -> None:
    """Raise `ValueError` for three or more colours that are not gray, which may be classes."""
    colours = _distinct_colours(pixels.reshape(-1, 3))
    if len(colours) > 2 and np.ptp(colours.astype(int), axis=1).max() > MAX_GRAY_DIFFERENCE:
        raise ValueError(
            f"has a palette with {len(colours)} used colours: expected two, or black and "
            "white with grays"
        )


def _distinct_colours(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.unique(pixels.reshape(len(pixels), -1), axis=0)


def _hole_bytes(is_hole: NDArray[np.bool_]) -> Hole:
    return np.where(is_hole, np.uint8(255), np.uint8(0))[..., None]
