"""Image files of every kind, each with the pixels that every command should read."""

from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageCms


class Case(NamedTuple):
    """An input file and its expected pixels."""

    name: str
    data: bytes
    pixels: Any = None
    """the upright pixels in 8 bits, gray or RGB; None for a file that cannot be read"""
    tolerance: int = 0
    """the largest difference from `pixels`, in levels"""
    profile: bool = False
    notes: tuple[str, ...] = ()


SIZE = (20, 28)
COLOUR = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8)
GRAY = COLOUR[..., 0]
ALPHA = (
    np.where(np.arange(SIZE[1]) < 9, 0, 255).astype(np.uint8)
    * np.ones((*SIZE, 1), np.uint8)[..., 0]
)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def encode(pixels: Any, format_name: str = "PNG", **options: Any) -> bytes:
    """Return the bytes of an image file."""
    buffer = BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def deep_png(pixels: Any) -> bytes:
    """Return a PNG with 16 bits per channel; Pillow cannot write it in colour."""
    import cv2

    done, content = cv2.imencode(".png", pixels[..., ::-1])
    assert done
    return content.tobytes()


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
TABLE = [
    Case("colour.png", encode(COLOUR), COLOUR),
    Case("gray.png", encode(GRAY), GRAY),
    Case("one-bit.png", encode(Image.fromarray(GRAY).convert("1")),
          np.asarray(Image.fromarray(GRAY).convert("1").convert("L"))),
    Case("gray16.png", encode(GRAY.astype(np.uint16) * 257), GRAY, notes=("16 bits",)),
    Case("colour16.png", deep_png(COLOUR.astype(np.uint16) * 257), COLOUR, notes=("16 bits",)),
    Case("alpha.png", encode(np.dstack([COLOUR, ALPHA])), ON_WHITE, notes=("transparency",)),
    Case("gray-alpha.png", encode(GRAY_ALPHA),
          np.where(ALPHA == 0, 255, GRAY), notes=("transparency",)),
    Case("palette.png", encode(PALETTE), np.asarray(PALETTE.convert("RGB")), notes=("palette",)),
    Case("profile.png", encode(COLOUR, icc_profile=SRGB), COLOUR, profile=True),
    Case("profile.webp", encode(COLOUR, "WEBP", lossless=True, icc_profile=SRGB), COLOUR,
          profile=True),
    Case("turned6.png", rotated_png(6), COLOUR),
    Case("turned3.png", rotated_png(3), COLOUR),
    Case("cmyk.tif", encode(CMYK, "TIFF"), np.asarray(CMYK.convert("RGB")), 2, notes=("CMYK",)),
    Case("photo.jpg", encode(np.full((*SIZE, 3), (200, 30, 40), np.uint8), "JPEG", quality=95),
          np.full((*SIZE, 3), (200, 30, 40), np.uint8), 3),
    Case("moving.gif", encode(Image.fromarray(GRAY).quantize(8), "GIF", save_all=True,
                               append_images=[Image.new("L", SIZE[::-1])]),
          np.asarray(Image.fromarray(GRAY).quantize(8).convert("RGB")), notes=("2 frames",)),
    Case("cut.png", encode(COLOUR)[:200]),
    Case("empty.png", b""),
    Case("page.png", b"<html>not here</html>"),
    Case("numbers.tif", encode(Image.fromarray(np.full(SIZE, -5, np.int32)), "TIFF")),
]  # fmt: skip
READABLE = [file for file in TABLE if file.pixels is not None]
UNREADABLE = [file for file in TABLE if file.pixels is None]
