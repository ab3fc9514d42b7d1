"""Pillow as a decoder: of headers, and of what OpenCV does not read or reads wrongly."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from threading import Lock

import numpy as np
from PIL import (
    AvifImagePlugin,  # noqa: F401 - importing it registers the format
    Image,
    ImageCms,
    TiffImagePlugin,  # noqa: F401
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)
from PIL.ImageFile import ImageFile

from translate.errors import BadImage
from translate.images import formats
from translate.images.decoded import Decoded, apart, from_numbers, guarded
from translate.images.headers import Header

ORIENTATION = 0x0112

logging.getLogger("PIL").addHandler(logging.NullHandler())  # else it prints without a file's name

_lock = Lock()  # warning filters and Pillow's limit belong to the whole process
if hasattr(os, "register_at_fork"):  # Windows forks nothing
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
    )


@contextmanager
def opened(data: bytes, path: Path, max_pixels: int, frame: int = 0) -> Iterator[ImageFile]:
    """Open `data` with Pillow; whatever goes wrong becomes a `BadImage`, or is no matter."""
    with used(path, max_pixels):
        try:
            image = Image.open(BytesIO(data), formats=formats.READ)
        except UnidentifiedImageError as error:
            raise BadImage(path, formats.unknown(data)) from error
        with image:
            if frame:
                seek(image, frame, max_pixels)
            yield image


@contextmanager
def used(path: Path, max_pixels: int) -> Iterator[None]:
    """Use Pillow: one thread at a time, with its limit, and without its warnings."""
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        usual, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, max_pixels
        try:
            with guarded(path):
                yield
        except BadImage as bad:
            if isinstance(bad.__cause__, _BOMBS):
                raise BadImage(path, f"more than {max_pixels:,} pixels") from bad.__cause__
            raise
        finally:
            Image.MAX_IMAGE_PIXELS = usual


_BOMBS = (Image.DecompressionBombWarning, Image.DecompressionBombError)


def seek(image: ImageFile, frame: int, max_pixels: int) -> None:
    """Go to a later frame, which Pillow does not hold against its limit."""
    image.seek(frame)
    if image.width * image.height > max_pixels:
        raise Image.DecompressionBombError


def header(image: ImageFile, data: bytes) -> Header:
    """Return the header of a file that Pillow has opened; `data` are its bytes."""
    turned = orientation(image, data)
    width, height = image.size
    return Header(
        format=image.format or "",
        mode=image.mode,
        size=(width, height) if turned > 4 else (height, width),
        orientation=turned,
        frames=frames(image, data),
        bits=_bits(image, data),
        alpha=image.has_transparency_data,
    )


def orientation(image: ImageFile, data: bytes) -> int:
    """Return the EXIF tag, from 1 to 8, that the decoded pixels are still to be turned by."""
    if image.format == "TIFF":
        return 1  # both decoders turn these themselves, and the size is the upright one already
    if not may_have_exif(image, data):
        return 1
    try:
        tag = image.getexif().get(ORIENTATION, 1)
    except Exception:  # damaged EXIF beside sound pixels
        return 1
    return tag if tag in range(1, 9) else 1


def may_have_exif(image: ImageFile, data: bytes) -> bool:
    """Tell whether to look: in a PNG without a mark Pillow would decode all pixels for that."""
    marks = (b"eXIf", b"Raw profile type exif", b"tiff:Orientation")
    return image.format != "PNG" or any(mark in data for mark in marks)


def frames(image: ImageFile, data: bytes) -> int:
    """Return how many frames there are."""
    try:
        count = int(getattr(image, "n_frames", 1))
    except Exception:  # a later frame is damaged; the first decides
        return 1
    if image.format == "PNG":  # which only announces them
        count = min(count, 1 + data.count(b"fcTL"))
    return count


def _bits(image: ImageFile, data: bytes) -> int:
    """Return how many bits the file holds a channel."""
    if image.format == "AVIF":
        return formats.avif_bits(data)
    tile = image.tile[0].args if image.tile else ""
    if image.format == "PPM" and isinstance(tile, tuple) and tile[-1] > 255:
        return (int(tile[-1]) + 1).bit_length() - 1
    return 32 if image.mode == "F" else 16 if image.mode[0] == "I" or ";16" in str(tile) else 8


def decode(image: Image.Image) -> Decoded:
    """Return the pixels of `image`; colour of more than eight bits is cut to eight.

    Raises `ValueError` for numbers that are out of range.
    """
    stored = str(image.tile[0].args) if isinstance(image, ImageFile) and image.tile else ""
    image.load()
    key = image.info.get("transparency")
    if image.mode.startswith("I;16"):
        deep = np.asarray(image).astype(np.uint16)
        return Decoded(deep, None if key is None else np.where(deep == key, 0, 65535).astype("u2"))
    if image.mode in ("I", "F"):
        return Decoded(from_numbers(np.asarray(image)))
    if isinstance(key, tuple) and max(key) > 255:
        raise ValueError("a transparent colour of 16 bits is not read in several frames")
    if image.mode in ("1", "L"):
        gray = np.asarray(image.convert("L"))
        if not isinstance(key, int):
            return Decoded(gray)
        key *= {"L;2": 85, "L;4": 17}.get(stored, 1)  # Pillow scales the pixels, not this
        return Decoded(gray, np.where(gray == key, 0, 255).astype(np.uint8))
    if image.mode in ("P", "PA"):
        return _of_palette(image)
    if image.mode in ("La", "RGBa"):
        image = image.convert(image.mode.upper())
    if image.mode == "LA":
        return Decoded(*np.moveaxis(np.asarray(image), 2, 0))
    if image.has_transparency_data:
        return apart(np.asarray(image.convert("RGBA")))
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return Decoded(np.asarray(ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")))
    return Decoded(np.asarray(image.convert("RGB")))


def _of_palette(image: Image.Image) -> Decoded:
    """Return the colours of a palette image, with their indices."""
    indices = np.asarray(image)
    transparent = image.has_transparency_data
    colours = apart(np.asarray(image.convert("RGBA" if transparent else "RGB")))
    return colours._replace(indices=indices if indices.ndim == 2 else indices[..., 0])
