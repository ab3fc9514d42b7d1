"""Image files of every kind, each with the pixels that every command should read."""

from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageCms
from random_images import encode


class ImageFile(NamedTuple):
    """A file with the pixels and notes that every command should read."""

    name: str
    data: bytes
    pixels: Any = None
    """the upright pixels in 8 bits, gray or RGB; None for a file that cannot be read"""
    tolerance: int = 0
    """the largest difference from `pixels`, in levels"""
    profile: bool = False
    """whether the file has a colour profile, which outputs keep"""
    notes: tuple[str, ...] = ()
    """texts in the notes on lost information"""


SIZE = (20, 28)
COLOUR = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8)
GRAY = COLOUR[..., 0]
ALPHA = np.full(SIZE, 255, np.uint8)
ALPHA[:, :9] = 0
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def deep_png(pixels: Any) -> bytes:
    """Return a PNG with 16 bits per channel; Pillow cannot write it in colour."""
    import cv2

    return cv2.imencode(".png", pixels[..., ::-1])[1].tobytes()


def rotated_png(orientation: int) -> bytes:
    """Return a PNG that is upright after its `orientation` is applied."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = {6: np.rot90(COLOUR), 3: COLOUR[::-1, ::-1]}[orientation]
    return encode(np.ascontiguousarray(upright), exif=exif.tobytes())


ON_WHITE = np.where(ALPHA[..., None] == 0, 255, COLOUR).astype(np.uint8)
PALETTE = Image.fromarray(COLOUR).quantize(16)
GRAY_ALPHA = Image.merge("LA", [Image.fromarray(GRAY), Image.fromarray(ALPHA)])
CMYK = Image.fromarray(COLOUR).convert("CMYK")
IMAGE_FILES = [
    ImageFile("colour.png", encode(COLOUR), COLOUR),
    ImageFile("gray.png", encode(GRAY), GRAY),
    ImageFile("one-bit.png", encode(Image.fromarray(GRAY).convert("1")),
          np.asarray(Image.fromarray(GRAY).convert("1").convert("L"))),
    ImageFile("gray16.png", encode(GRAY.astype(np.uint16) * 257), GRAY, notes=("16 bits",)),
    ImageFile("colour16.png", deep_png(COLOUR.astype(np.uint16) * 257), COLOUR,
              notes=("16 bits",)),
    ImageFile("alpha.png", encode(np.dstack([COLOUR, ALPHA])), ON_WHITE, notes=("transparency",)),
    ImageFile("gray-alpha.png", encode(GRAY_ALPHA),
          np.where(ALPHA == 0, 255, GRAY), notes=("transparency",)),
    ImageFile("palette.png", encode(PALETTE), np.asarray(PALETTE.convert("RGB")),
              notes=("palette",)),
    ImageFile("profile.png", encode(COLOUR, icc_profile=SRGB), COLOUR, profile=True),
    ImageFile("profile.webp", encode(COLOUR, "WEBP", lossless=True, icc_profile=SRGB), COLOUR,
              profile=True),
    ImageFile("turned6.png", rotated_png(6), COLOUR),
    ImageFile("turned3.png", rotated_png(3), COLOUR),
    ImageFile("cmyk.tif", encode(CMYK, "TIFF"), np.asarray(CMYK.convert("RGB")), 2,
              notes=("CMYK",)),
    ImageFile("photo.jpg", encode(np.full((*SIZE, 3), (200, 30, 40), np.uint8), "JPEG", quality=95),
          np.full((*SIZE, 3), (200, 30, 40), np.uint8), 3),
    ImageFile("moving.gif", encode(Image.fromarray(GRAY).quantize(8), "GIF", save_all=True,
                               append_images=[Image.new("L", SIZE[::-1])]),
          np.asarray(Image.fromarray(GRAY).quantize(8).convert("RGB")), notes=("2 frames",)),
    ImageFile("cut.png", encode(COLOUR)[:200]),
    ImageFile("empty.png", b""),
    ImageFile("page.png", b"<html>not here</html>"),
    ImageFile("numbers.tif", encode(Image.fromarray(np.full(SIZE, -5, np.int32)), "TIFF")),
]  # fmt: skip
READABLE = [file for file in IMAGE_FILES if file.pixels is not None]
UNREADABLE = [file for file in IMAGE_FILES if file.pixels is None]
