"""TIFF: Pillow decodes pages of up to 8 bits and CMYK, OpenCV those of more bits.

`translate_plugins.formats.tiff_page` refuses pages that a decoder would read wrongly.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.errors import BadImage
from translate.formats import Header, Window
from translate.images.layers import Layers, layers_from_pillow, split_alpha, to_uint16
from translate.images.source import EncodedImage
from translate_plugins.formats import opencv, pillow, tiff_page, tiff_tags
from translate_plugins.formats.raster import Raster
from translate_plugins.formats.tiff_page import Page

MODES = {
    tiff_page.RGB: "RGB",
    tiff_page.PALETTE: "P",
    tiff_page.CMYK: "CMYK",
    tiff_page.YCBCR: "RGB",
    tiff_page.LAB: "LAB",
}


class Tiff:
    """TIFF and BigTIFF: read in 8 and 16 bits, with their pages; written in 8 bits."""

    def __init__(self) -> None:
        self._pillow = Raster("TIFF", {".tif", ".tiff"})
        self.suffixes, self.writes = self._pillow.suffixes, self._pillow.writes
        self.lossless = True

    def probe(self, source: EncodedImage, frame: int = 0) -> Header | None:
        """Return the header of a page; None for a file of another format."""
        if not tiff_tags.is_tiff(source.data):
            return self._pillow.probe(source, frame)  # reads headers with swapped bytes
        page, count = _read_page(source, frame)
        return _header(page, count, source)

    def read(self, source: EncodedImage, frame: int = 0, window: Window | None = None) -> Layers:
        """Return the upright pixels of a page."""
        if not tiff_tags.is_tiff(source.data):
            return self._pillow.read(source, frame, window)
        page, _ = _read_page(source, frame)
        single = tiff_page.single_page(source.data, page)
        if page.by_opencv:
            layers = _decode_deep(single, page)
        else:
            layers = _decode_eight_bit(EncodedImage(source.name, single, source.max_pixels), page)
        layers = layers if page.alpha else layers._replace(alpha=None)
        return layers.crop(window)

    def write(self, pixels: NDArray[Any], like: Header) -> bytes:
        """Return the content of a file of one page."""
        return self._pillow.write(pixels, like)


def _read_page(source: EncodedImage, frame: int) -> tuple[Page, int]:
    """Return a page and the number of pages."""
    if "TIFF" not in source.cache:
        source.cache["TIFF"] = tiff_tags.page_offsets(source.data)
    places: list[int] = source.cache["TIFF"]
    if frame >= len(places):
        raise ValueError(f"it has {len(places)} pages, and no page {frame + 1}")
    page = tiff_page.read_page(source.data, places[frame])
    tiff_page.require_readable(page)
    return page, len(places)


def _header(page: Page, count: int, source: EncodedImage) -> Header:
    profile = tiff_page.colour_profile(source.data)
    gray = ("1" if page.bits == 1 else "L") if page.bits <= 8 else "I;16"
    if page.kind == tiff_page.FLOAT and page.colours == 1:
        mode = "F"
    elif page.photometric == tiff_page.YCBCR and page.colours == 1:
        mode = gray
    else:
        mode = MODES.get(page.photometric, gray)
    read = page.colours + bool(page.alpha)
    return Header(
        format="TIFF",
        size=page.size[::-1] if page.orientation in range(5, 9) else page.size,
        channels=(1 if mode in pillow.GRAY else 3) + bool(page.alpha),
        alpha=bool(page.alpha),
        dtype="uint16" if page.by_opencv else "uint8",
        bits=max(8, page.bits),
        mode=mode,
        frames=count,
        pages=True,
        bands=page.bands if page.bands > read else 0,
        bands_read=read,
        converted=pillow.CONVERTED.get(mode, ""),
        extra={"icc_profile": profile} if profile else {},
        private=pillow.Exif(source, "TIFF"),
    )


def _decode_eight_bit(single: EncodedImage, page: Page) -> Layers:
    """Return a page of 8 bits; Pillow converts premultiplied alpha and inverted gray."""
    try:
        with pillow.open_frame(single, "TIFF") as image:
            if (
                page.has_eight_bit_palette and image.palette
            ):  # Pillow takes 255 as the maximum of a palette; it is 65535
                image.load()
                image.putpalette(tiff_page.palette_colours(single.data, page))
            return layers_from_pillow(image)
    except BadImage as bad:
        raise BadImage(single.path, f"{page.name} that cannot be decoded: {bad.reason}") from bad


def _decode_deep(single: bytes, page: Page) -> Layers:
    """Return a page of more than 8 bits, whose stored values OpenCV returns unchanged."""
    pixels = opencv.read_numbers(single)
    bands = 1 if pixels is None or pixels.ndim == 2 else pixels.shape[2]
    if pixels is None or bands != page.bands:
        raise ValueError(f"{page.name} that cannot be decoded")
    if page.bits in (10, 12, 14):  # OpenCV shifts them to the upper bits of 16
        pixels = ((pixels >> (16 - page.bits)).astype(np.uint32) * 65535) // (2**page.bits - 1)
        pixels = pixels.astype(np.uint16)
    values = pixels if page.alpha else pixels.reshape(*pixels.shape[:2], bands)[..., : page.colours]
    if page.kind == tiff_page.FLOAT:
        values = to_uint16(values)
    if values.dtype != np.uint16:
        raise ValueError(f"{page.name} that was decoded as {values.dtype}")
    if page.photometric == tiff_page.GRAY_INVERTED:
        values = 65535 - values
    values = values.reshape(*values.shape[:2], -1)
    layers = split_alpha(values, alpha=bool(page.alpha))
    return _unpremultiply(layers) if page.alpha == 1 else layers


def _unpremultiply(layers: Layers) -> Layers:
    """Return 16-bit colours without premultiplied alpha."""
    assert layers.alpha is not None
    alpha = np.maximum(layers.alpha, 1)[..., None].astype(np.uint64)
    colours = (layers.pixels.astype(np.uint64) * 65535 + alpha // 2) // alpha
    return Layers(np.minimum(colours, 65535).astype(np.uint16), layers.alpha)
