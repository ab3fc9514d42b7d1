"""The one reader and the one writer of pictures, and the one value range.

A picture is bytes, or sixteen-bit numbers, until `to_device` makes it floats in [-1, 1], and again
after `from_device`. It is always upright, RGB or gray, and whole: what cannot be read completely is
a `BadImage`.

===========================  =======================================================================
what a file holds            what it becomes
===========================  =======================================================================
gray, RGB                    the same, in the file's 8 or 16 bits; 10, 12 and 14 bits become 16
1, P, CMYK, YCbCr, LAB, HSV  8 bits by Pillow's conversion, LAB through sRGB
alpha, a transparent colour  composited over white, so that no hidden colour shows
float32, float64             16 bits: 0 is black and 1 is white, in every file
other numbers                refused: signed ones and those of 32 bits have no agreed range
extra bands of a TIFF        skipped; which TIFFs are read is in `translate.images.tiff`
several frames               one of them, colour in 8 bits; `Header.frames` tells how many there are
===========================  =======================================================================

`Header.notes` says what a file loses by this.
"""

from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps

from translate.errors import BadImage
from translate.images import decoders, pillow
from translate.images.decoded import Decoded, guarded
from translate.images.headers import Header

Pixels: TypeAlias = NDArray[Any]
"""(height, width, channels), uint8 or uint16."""

SUFFIXES = frozenset(
    {".avif", ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".mpo", ".pbm", ".pgm", ".png"}
    | {".pnm", ".ppm", ".tif", ".tiff", ".webp"}
)
MAX_PIXELS = 178_956_970


# -- reading ---------------------------------------------------------------------------------------


def probe_image(data: bytes, path: Path, *, max_pixels: int = MAX_PIXELS, frame: int = 0) -> Header:
    """Return what `data`, the content of `path`, says of one of its frames.

    No pixel of the first is decoded. Raises `BadImage` for what is no image of a known format, has
    more pixels than `max_pixels`, or would be read wrongly.
    """
    return decoders.header(data, path, max_pixels, frame)


def read_image(
    path: Path, *, channels: int = 3, max_pixels: int = MAX_PIXELS, frame: int = 0
) -> Pixels:
    """Return (height, width, channels) upright bytes, or uint16 where the file holds 16 bits.

    Raises `BadImage`, and nothing else, for what cannot be decoded completely.
    """
    return decode_image(
        read_bytes(path), path, channels=channels, max_pixels=max_pixels, frame=frame
    )


def decode_image(
    data: bytes,
    path: Path,
    *,
    channels: int = 3,
    max_pixels: int = MAX_PIXELS,
    frame: int = 0,
) -> Pixels:
    """Return what `read` has of a file that holds `data`; `path` is its name in a `BadImage`."""
    _, decoded = decoders.decode(data, path, max_pixels, frame)
    with guarded(path):
        return pixels_from_decoded(decoded, channels=channels)


def pixels_from_decoded(decoded: Decoded, *, channels: int = 3) -> Pixels:
    """Return what `read` has of a file that was `decoded`: opaque, in colour or gray."""
    return _with_channels(decoded.over_white(), channels)


def read_bytes(path: Path) -> bytes:
    """Return the content of `path`; raises `BadImage` where it cannot be had."""
    with guarded(path):
        if not path.is_file():
            raise BadImage(path, "not a file" if path.exists() else "not there")
        data = path.read_bytes()
        if not data:
            raise BadImage(path, "an empty file")
        return data


def pixels_from_pillow(picture: Pillow.Image, *, channels: int = 3) -> Pixels:
    """Return what `read` would have of a file that holds `picture`."""
    return pixels_from_decoded(pillow.decode(ImageOps.exif_transpose(picture)), channels=channels)


def pixels_from_array(array: NDArray[Any], *, channels: int = 3) -> Pixels:
    """Return a (height, width[, 1, 3 or 4]) array of uint8 or uint16 as `read` has images."""
    flat = array[..., 0] if array.shape[2:] == (1,) else array
    if flat.shape[2:] == (4,):
        return pixels_from_decoded(Decoded(flat[..., :3], flat[..., 3]), channels=channels)
    return _with_channels(flat, channels)


def _with_channels(pixels: Pixels, channels: int) -> Pixels:
    pixels = np.ascontiguousarray(pixels)
    if channels == 3 and pixels.ndim == 2:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    elif channels == 1 and pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return pixels.reshape(*pixels.shape[:2], channels)
