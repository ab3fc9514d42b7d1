"""From the bytes of a file to pixels: each format by the decoder that reads it right.

Pixels are (height, width) or (height, width, 3) in uint8 or uint16, as the file holds them, with
transparency apart. Which decoder reads a TIFF is decided by its tags, in `translate.images.tiff`.
"""

from io import BytesIO
from pathlib import Path

from PIL import Image
from PIL.ImageFile import ImageFile

from translate.errors import BadImage
from translate.images import formats, opencv, pillow, png, tiff, tiff_pages, tiff_tags
from translate.images.decoded import Decoded, guarded
from translate.images.headers import Header

CANVAS = ("AVIF", "GIF", "PNG", "WEBP")
"""formats whose frames have one size"""


def header(data: bytes, path: Path, max_pixels: int, frame: int = 0) -> Header:
    """Return what `data` says of one of its frames; raises `BadImage` if it cannot be read."""
    if tiff_tags.is_tiff(data):
        with guarded(path):
            return _page(data, path, max_pixels, tiff_tags.pages(data), frame)[0]
    with pillow.opened(data, path, max_pixels) as image:
        if frame and image.format not in CANVAS:
            pillow.seek(image, frame, max_pixels)
        return pillow.header(image, data)


def decode(data: bytes, path: Path, max_pixels: int, frame: int = 0) -> tuple[Header, Decoded]:
    """Return the header and the upright pixels of one frame; raises `BadImage`."""
    if tiff_tags.is_tiff(data):
        with guarded(path):
            return _decode_page(data, path, max_pixels, tiff_tags.pages(data), frame)
    found = header(data, path, max_pixels, frame)
    with guarded(path):
        png.require_whole(data)
        suits = opencv.suits(found)
        decoded = opencv.decode(data) if suits else None
    if decoded is None:  # Pillow reads some that OpenCV does not, and says what is wrong
        with pillow.opened(data, path, max_pixels, frame) as image:
            decoded = pillow.decode(image)
            if suits and found.deep:
                raise ValueError("its 16-bit colours cannot be decoded")
    with guarded(path):
        return found, _checked(decoded.upright(found.orientation), found)


class Frames:
    """The frames of one file, of which each is decoded once when they are read in their order."""

    def __init__(self, data: bytes, path: Path, max_pixels: int) -> None:
        self.data, self.path, self.max_pixels = data, path, max_pixels
        self._image: ImageFile | None = None
        self._places: list[int] = []
        with guarded(path):
            if tiff_tags.is_tiff(data):
                self._places = tiff_tags.pages(data)
                self.header, _ = _page(data, path, max_pixels, self._places, 0)
            else:
                self.header = header(data, path, max_pixels)

    def size(self, frame: int) -> tuple[int, int]:
        """Return the height and width of a frame; raises `BadImage`."""
        if not frame or not self._places:
            return self.header.size
        with guarded(self.path):
            return _page(self.data, self.path, self.max_pixels, self._places, frame)[0].size

    def decode(self, frame: int) -> Decoded:
        """Return the upright pixels of a frame; raises `BadImage`."""
        if self._places:
            with guarded(self.path):
                return _decode_page(self.data, self.path, self.max_pixels, self._places, frame)[1]
        if not frame or self.header.format not in CANVAS:
            return decode(self.data, self.path, self.max_pixels, frame)[1]
        with pillow.used(self.path, self.max_pixels):
            if self._image is None or self._image.tell() > frame:
                png.require_whole(self.data)
                self._image = Image.open(BytesIO(self.data), formats=formats.READ)
            pillow.seek(self._image, frame, self.max_pixels)
            decoded = pillow.decode(self._image).upright(self.header.orientation)
            return _checked(decoded, self.header)


def _page(
    data: bytes, path: Path, max_pixels: int, places: list[int], frame: int
) -> tuple[Header, tiff.Page]:
    page = tiff_pages.find(data, places, frame)
    found = tiff_pages.header(page, len(places))
    if found.size[0] * found.size[1] > max_pixels:
        raise BadImage(path, f"more than {max_pixels:,} pixels")
    return found, page


def _decode_page(
    data: bytes, path: Path, max_pixels: int, places: list[int], frame: int
) -> tuple[Header, Decoded]:
    found, page = _page(data, path, max_pixels, places, frame)
    return found, _checked(tiff_pages.decode(data, page, path, max_pixels), found)


def _checked(decoded: Decoded, found: Header) -> Decoded:
    if decoded.pixels.shape[:2] != found.size:
        raise ValueError(f"{decoded.pixels.shape[:2]} pixels were decoded, {found.size} announced")
    return decoded
