"""Images from bytes, as tests of formats write them."""

from typing import Any

from numpy.typing import NDArray

from translate.formats import Header
from translate.images.source import MAX_PIXELS, EncodedImage


def decode_bytes(
    data: bytes, *, channels: int = 3, frame: int = 0, max_pixels: int = MAX_PIXELS
) -> NDArray[Any]:
    """Return the pixels of a file that holds `data`."""
    return EncodedImage("x", data, max_pixels).decode(channels=channels, frame=frame)


def header_of(data: bytes, *, frame: int = 0, max_pixels: int = MAX_PIXELS) -> Header:
    """Return what a file that holds `data` says of a frame."""
    return EncodedImage("x", data, max_pixels).header_of(frame)
