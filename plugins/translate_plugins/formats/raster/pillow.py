"""Pillow as decoder of headers, and of pixels that OpenCV does not decode correctly."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from PIL import (
    AvifImagePlugin,  # noqa: F401 - importing it registers the format
    Image,
    TiffImagePlugin,  # noqa: F401
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)
from PIL.ImageFile import ImageFile

from translate.errors import BadImage, error_text
from translate.formats import Header
from translate.images.layers import errors_as_bad_image
from translate.images.source import EncodedImage
from translate_plugins.formats import metadata

ORIENTATION_TAG = 0x0112
GRAY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F")
"""modes without colour"""
CONVERTED_MODES = {
    "P": "a palette",
    "PA": "a palette",
    "CMYK": "CMYK",
    "LAB": "L*a*b*",
    "HSV": "HSV",
}
"""modes that are converted to RGB, with the name of each for messages"""

logging.getLogger("PIL").addHandler(
    logging.NullHandler()
)  # no messages, as they do not name the file

_lock = Lock()  # `warnings.filters` and `Image.MAX_IMAGE_PIXELS` are global
# A child that is forked while another thread holds the lock would wait forever.
if hasattr(os, "register_at_fork"):  # Windows cannot fork
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
    )


class FrameDetails(NamedTuple):
    """The header of a frame, and Pillow's number of frames."""

    header: Header
    frames: int
    """includes gain and depth maps that phones append to a JPEG, which `Header.frames` does not"""


def lazy_exif(source: EncodedImage, format_name: str) -> metadata.LazyMetadata:
    """Return the EXIF data of a file, read at first use."""
    # a copy that holds only the bytes, not the open file or decoded pixels
    image = EncodedImage(source.name, source.data, source.max_pixels)
    return metadata.LazyMetadata(partial(_read_exif, image, format_name))


def _read_exif(source: EncodedImage, format_name: str) -> dict[str, bytes]:
    try:
        with open_frame(source, format_name) as image:
            return metadata.exif(image)
    except BadImage:  # such as a TIFF that only tifffile can open
        return {}


def accepts(format_name: str, data: bytes) -> bool:
    """Return whether `data` begins like a file of Pillow's format `format_name`."""
    Image.preinit()  # registers the formats that are not imported above
    _, accept = Image.OPEN[format_name]
    try:
        return accept is not None and accept(data[:16]) is True  # a text: not supported
    except IndexError:  # the file is shorter than the signature
        return False


@contextmanager
def open_frame(source: EncodedImage, format_name: str, frame: int = 0) -> Iterator[ImageFile]:
    """Open a frame of a file as `format_name`; any error is raised as a `BadImage`."""
    with pillow_limits(source.path, source.max_pixels):
        image = open_image(source, format_name)
        with image:
            if frame:
                seek(image, frame, source.max_pixels)
            yield image


def open_image(source: EncodedImage, format_name: str) -> ImageFile:
    """Open a file as `format_name`, within `pillow_limits`; raises `BadImage`."""
    try:
        return Image.open(BytesIO(source.data), formats=(format_name,))
    except UnidentifiedImageError as error:
        raise BadImage(source.path, _open_error_message(source.data, format_name)) from error


def _open_error_message(data: bytes, format_name: str) -> str:
    """Return why a file cannot be opened: `Image.open` hides the error of the decoder."""
    factory, _ = Image.OPEN[format_name]
    article, text = "an" if format_name[0] == "A" else "a", "it is damaged"
    try:
        factory(BytesIO(data), "")
    except Exception as error:
        text = error_text(error)
    return f"{article} {format_name} that cannot be read: {text}"


@contextmanager
def pillow_limits(path: Path, max_pixels: int) -> Iterator[None]:
    """Run the block with `max_pixels` as Pillow's limit, without warnings, in one thread at a time.

    Any error is raised as a `BadImage`.
    """
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        previous, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, max_pixels
        try:
            with errors_as_bad_image(path):
                yield
        except BadImage as bad:
            if isinstance(bad.__cause__, _TOO_MANY_PIXELS_ERRORS):
                raise BadImage(path, f"more than {max_pixels:,} pixels") from bad.__cause__
            raise
        finally:
            Image.MAX_IMAGE_PIXELS = previous


_TOO_MANY_PIXELS_ERRORS = (Image.DecompressionBombWarning, Image.DecompressionBombError)


def seek(image: ImageFile, frame: int, max_pixels: int) -> None:
    """Go to a later frame and check its size: Pillow checks only the size of the first frame."""
    image.seek(frame)
    if image.width * image.height > max_pixels:
        raise Image.DecompressionBombError


def read_details(image: ImageFile, source: EncodedImage, format_name: str) -> FrameDetails:
    """Return the header of the current frame of `image`."""
    data = source.data
    orientation, count = _orientation(image, data), _frame_count(image, data)
    width, height = image.size
    bits = _bits(image, data)
    is_jpeg = image.format in ("JPEG", "MPO")  # later frames are gain or depth maps
    header = Header(
        format=image.format or "",
        size=(width, height) if orientation > 4 else (height, width),  # height first; > 4: rotated
        channels=(1 if _is_gray(image) else 3) + image.has_transparency_data,
        alpha=image.has_transparency_data,
        dtype=_dtype(image, bits, count),
        bits=bits,
        mode=image.mode,
        frames=1 if is_jpeg else count,
        pages=is_jpeg,
        orientation=orientation,
        converted=CONVERTED_MODES.get(image.mode, ""),
        label_map=image.format == "PNG" and image.mode == "P",
        extra=metadata.profile(image),
        private=lazy_exif(source, format_name) if may_have_exif(image, data) else {},
        xmp=metadata.xmp(image.info),
    )
    return FrameDetails(header, count)


def _is_gray(image: ImageFile) -> bool:
    """Return whether the file is gray; Pillow converts 16-bit gray with alpha to RGBA."""
    return image.mode in GRAY_MODES or (
        bool(image.tile) and str(image.tile[0].args).startswith("LA;16")
    )


def _orientation(image: ImageFile, data: bytes) -> int:
    """Return the EXIF orientation, from 1 to 8, of the decoded pixels."""
    if image.format == "TIFF":
        return 1  # the decoders return upright pixels
    if not may_have_exif(image, data):
        return 1
    try:
        tag = image.getexif().get(ORIENTATION_TAG, 1)
    except Exception:  # damaged EXIF data in a file with intact pixels
        return 1
    return tag if tag in range(1, 9) else 1


def may_have_exif(image: ImageFile, data: bytes) -> bool:
    """Return whether there may be EXIF data; Pillow would decode a PNG to find out."""
    markers = (b"eXIf", b"Raw profile type exif", b"tiff:Orientation")
    return image.format != "PNG" or any(marker in data for marker in markers)


def _frame_count(image: ImageFile, data: bytes) -> int:
    """Return the number of frames."""
    try:
        count = int(getattr(image, "n_frames", 1))
    except Exception:  # a later frame is damaged
        return 1
    if image.format == "PNG":  # a chunk for each frame; the header may state more frames
        count = min(count, 1 + data.count(b"fcTL"))
    return count


def _bits(image: ImageFile, data: bytes) -> int:
    """Return the bits per channel of the file."""
    if image.format == "AVIF":
        return avif_bits(data)
    decoder_args = image.tile[0].args if image.tile else ""
    if image.format == "PPM" and isinstance(decoder_args, tuple) and decoder_args[-1] > 255:
        largest_value = int(decoder_args[-1])  # the header has it, usually 2**bits - 1
        return (largest_value + 1).bit_length() - 1
    if image.mode == "F":
        return 32
    # Pillow opens 16-bit PGM as mode I, and other 16-bit gray as I;16.
    return 16 if image.mode[0] == "I" or ";16" in str(decoder_args) else 8


def _dtype(image: ImageFile, bits: int, frames: int) -> str:
    """Return the dtype of decoded pixels.

    OpenCV decodes 16-bit colours of files with one frame; Pillow truncates others to 8 bits.
    """
    is_16_bit_colour = bits == 16 and image.mode in ("RGB", "RGBA", "LA")
    if image.mode == "F":
        return "float32"
    return "uint16" if image.mode[0] == "I" or (is_16_bit_colour and frames == 1) else "uint8"


def avif_bits(data: bytes) -> int:
    """Return the bits per channel of the first image of an AVIF file, from its box ``av1C``."""
    start = data.find(b"av1C")
    flags = data[start + 6] if 0 <= start < len(data) - 6 else 0
    high_bit_depth, twelve_bits = bool(flags & 0x40), bool(flags & 0x20)
    if not high_bit_depth:
        return 8
    return 12 if twelve_bits else 10
