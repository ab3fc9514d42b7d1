"""Masks: which pixels of an image are the hole that is filled.

=============================================  =====================================================
what the mask holds                            what the hole is
=============================================  =====================================================
gray or colour                                 what is white, from the middle gray on
only 0 and 1, in any depth                     what is 1
a palette of which two colours are used        the lighter one
transparent parts: a painted layer             what is painted, in whatever colour
=============================================  =====================================================

A mask without a hole is an error. So is a layer with transparent parts and many colours: it is an
image, and whether its opaque or its transparent part is meant is not known. So is a palette of
three colours or more that are not gray.
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
from translate.images.layers import WHITE, Layers, guarded, layers_from_pillow
from translate.images.source import EncodedImage

MAX_COLOURS = 32
"""of a painted layer"""
GRAYISH = 16
"""levels between the channels of a colour that counts as gray"""
Hole = NDArray[np.uint8]
"""(height, width, 1) bytes: 255 in the hole, else 0"""


class OpenImage(Protocol):
    """Reads the file of an image, as `EncodedImage.open` does."""

    def __call__(self, path: Path, *, max_pixels: int, advice: str = "") -> EncodedImage:
        """Return the content; raises `BadImage`."""


def open_mask(
    mask: Path, path: Path, max_pixels: int, open_image: OpenImage = EncodedImage.open
) -> EncodedImage:
    """Read `mask`; raises `BadImage` for `path`, the image that it is for."""
    with _errors_of_mask(path):
        return open_image(mask, max_pixels=max_pixels)


def hole_from_mask(mask: EncodedImage, path: Path) -> Hole:
    """Return the hole that `mask` gives the image at `path`.

    Raises `BadImage` for `path`, with what is wrong with its mask.
    """
    with _errors_of_mask(path):
        return hole_from_file(mask)


@contextmanager
def _errors_of_mask(path: Path) -> Iterator[None]:
    try:
        yield
    except BadImage as bad:
        verb = "" if bad.reason.startswith(("has ", "is ")) else "cannot be read, "
        raise BadImage(path, f"its mask {verb}{bad.reason}: {bad.path}") from bad


def hole_from_alpha(layers: Layers, path: Path) -> Hole:
    """Return what is wholly transparent of the image at `path`; raises `BadImage` if nothing is."""
    clear = None if layers.alpha is None else layers.alpha == 0
    if clear is None or not clear.any():
        raise BadImage(path, "has no hole: nothing is transparent, and no --mask has a file for it")
    return _as_hole(clear)


def hole_from_file(mask: EncodedImage) -> Hole:
    """Return the hole that `mask` gives; raises `BadImage` for it."""
    layers = mask.decode_layers()
    with guarded(mask.path):
        return hole_from_layers(layers)


def hole_from_pillow(mask: Image.Image) -> Hole:
    """Return the hole that a mask in memory gives; raises `ValueError`."""
    return hole_from_layers(layers_from_pillow(ImageOps.exif_transpose(mask)))


def hole_from_array(mask: NDArray[Any]) -> Hole:
    """Return the hole that (height, width[, 1, 3 or 4]) numbers give; raises `ValueError`.

    They are uint8 or uint16 as in a file, booleans, or zeros and ones of any type.
    """
    flat = mask[..., 0] if mask.shape[2:] == (1,) else mask
    if not flat.size or flat.ndim not in (2, 3) or flat.shape[2:] not in ((), (3,), (4,)):
        raise ValueError(f"has the shape {mask.shape}: expected (height, width[, 1, 3 or 4])")
    if flat.dtype not in WHITE:
        if flat.ndim != 2 or not np.isin(flat, (0, 1)).all():
            raise ValueError(f"is {mask.dtype}: expected uint8, uint16, booleans or only 0 and 1")
        flat = flat.astype(np.uint8)
    alpha = flat[..., 3] if flat.shape[2:] == (4,) else None
    return hole_from_layers(Layers(flat if flat.ndim == 2 else flat[..., :3], alpha))


def hole_from_layers(mask: Layers) -> Hole:
    """Return the hole that a decoded `mask` gives; raises `ValueError` if there is none."""
    if mask.alpha is not None and (mask.alpha < WHITE[mask.alpha.dtype]).any():
        return _hole_from_paint(mask.pixels, mask.alpha)
    gray = mask.pixels
    if gray.ndim == 3:
        if mask.indices is not None:
            _require_gray_tones(gray)
        gray = cv2.cvtColor(np.ascontiguousarray(gray), cv2.COLOR_RGB2GRAY)
    values = np.unique(gray)
    white, largest = WHITE[gray.dtype], int(values[-1])
    if largest == 1 or (mask.indices is not None and len(values) == 2):
        return _as_hole(gray == largest)
    if 2 * largest < white:
        of = f" of {white}" if white > 255 else ""
        raise ValueError(f"has no hole: nothing in it is white (largest value {largest}{of})")
    return _as_hole(2 * gray.astype(np.uint32) > white)


def _hole_from_paint(pixels: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> Hole:
    """Return where a layer is opaque, more than half."""
    painted = 2 * alpha.astype(np.uint32) > WHITE[alpha.dtype]
    if not painted.any():
        raise ValueError("has no hole: nothing is painted on its transparent ground")
    if len(_distinct_colours(pixels[alpha == WHITE[alpha.dtype]])) > MAX_COLOURS:
        raise ValueError(
            "is an image with transparent parts, not a painted layer: make the mask white on "
            "black; or make the hole transparent in the image itself, and pass no mask"
        )
    return _as_hole(painted)


def _require_gray_tones(pixels: NDArray[np.uint8]) -> None:
    """Raise `ValueError` for a palette of several classes rather than of tones of gray."""
    colours = _distinct_colours(pixels.reshape(-1, 3))
    if len(colours) > 2 and np.ptp(colours.astype(int), axis=1).max() > GRAYISH:
        raise ValueError(
            f"has a palette of which {len(colours)} colours are used: expected two, or black and "
            "white with grays"
        )


def _distinct_colours(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.unique(pixels.reshape(len(pixels), -1), axis=0)


def _as_hole(missing: NDArray[np.bool_]) -> Hole:
    return np.where(missing, np.uint8(255), np.uint8(0))[..., None]
