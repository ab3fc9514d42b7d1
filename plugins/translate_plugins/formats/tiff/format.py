"""TIFF and BigTIFF, read and written with `tifffile`."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from translate.batches import MAX_CHANNELS
from translate.errors import BadImage
from translate.formats import Header, Window, Writable
from translate.images.layers import Layers, layers_from_pillow
from translate.images.source import EncodedImage
from translate_plugins.formats import limits
from translate_plugins.formats.raster import pillow
from translate_plugins.formats.tiff import colours as tiff_colours
from translate_plugins.formats.tiff import directories, tags, write
from translate_plugins.formats.tiff import pages as tiff_pages
from translate_plugins.formats.tiff.blocks import Blocks, Grid
from translate_plugins.formats.tiff.pages import Page

SUFFIXES = frozenset({".tif", ".tiff"})
CONVERTED_COLOURS = {
    tiff_pages.PALETTE: "a palette",
    tiff_pages.CMYK: "CMYK",
    tiff_pages.LAB: "L*a*b*",
}
"""colours that are converted to RGB, with the name of each for messages"""
MODES = {tiff_pages.PALETTE: "P", tiff_pages.CMYK: "CMYK", tiff_pages.LAB: "LAB"}
"""Pillow's names of these modes"""


class Tiff:
    """TIFF and BigTIFF of 1 to 64 bands: read with all pages, written as the input is stored."""

    suffixes = SUFFIXES
    writes = dict.fromkeys(
        sorted(SUFFIXES),
        Writable(range(1, MAX_CHANNELS + 1), ("uint8", "uint16", "int16", "float32"), alpha=True),
    )
    lossless = True

    def probe(self, source: EncodedImage, frame: int = 0) -> Header | None:
        """Return the header of a page; None for a file of another format."""
        if not directories.is_tiff(source.data):
            return None
        pages = tiff_pages.open_pages(source)
        page = pages.page(frame)
        return Header(
            format="TIFF",
            size=page.size[::-1] if _orientation(page) > 4 else page.size,
            channels=page.channels,
            alpha=page.alpha is not None,
            dtype=page.dtype,
            bits=max(8, page.bits),
            mode=_mode(page),
            frames=len(pages),
            pages=True,
            orientation=_orientation(page),
            converted=CONVERTED_COLOURS.get(page.photometric, ""),
            extra=tags.header_extra(page, only_page=len(pages) == 1),
            private=pillow.lazy_exif(source, "TIFF") if source.file is None else {},
            xmp=tags.xmp(page),
        )

    def read(self, source: EncodedImage, frame: int = 0, window: Window | None = None) -> Layers:
        """Return the upright pixels of a page, or of a window of it."""
        page = tiff_pages.open_pages(source).page(frame)
        if tiff_pages.needs_pillow(page):
            return _read_with_pillow(source, page).upright(_orientation(page)).crop(window)
        blocks: Blocks | None = source.cache.get("TIFF blocks")
        if blocks is None or blocks.page is not page:  # only one page's blocks are cached
            source.cache["TIFF blocks"] = blocks = Blocks(page, Grid.of(page))
        stored = stored_window(window, page.size, _orientation(page))
        limits.require_allowed(stored.height * stored.width * page.bands, source)
        return tiff_colours.as_layers(page, blocks.read(stored)).upright(_orientation(page))

    def write(self, pixels: NDArray[Any], like: Header) -> bytes:
        """Return the content of a file of one page."""
        return write.encode(pixels, like)

    def write_tiles(
        self,
        file: BinaryIO,
        tiles: Iterator[NDArray[Any]],
        size: tuple[int, int],
        channels: int,
        dtype: str,
        tile: int,
        like: Header,
    ) -> None:
        """Write a file from tiles in row-major order, one at a time."""
        write.write_tiles(file, tiles, (*size, channels), np.dtype(dtype), tile, like)


def stored_window(window: Window | None, size: tuple[int, int], orientation: int) -> Window:
    """Return the window of a stored page of this `size` that is `window` of the upright page."""
    height, width = size
    if window is None:
        return Window(0, 0, height, width)
    top, left, rows, columns = window
    if orientation > 4:
        top, left, rows, columns = left, top, columns, rows
    if orientation in (3, 4, 6, 7):
        top = height - top - rows
    if orientation in (2, 3, 7, 8):
        left = width - left - columns
    return Window(top, left, rows, columns)


def _orientation(page: Page) -> int:
    value = page.tags.tags.valueof(tags.ORIENTATION, 1)
    return value if value in range(1, 9) else 1


def _mode(page: Page) -> str:
    """Return the mode of pixels that `translate datasets check` lists."""
    if page.bits == 1 and page.photometric != tiff_pages.PALETTE:
        return "1"
    colours, dtype = page.channels - bool(page.alpha), page.dtype
    gray_modes = {"uint8": "L", "uint16": "I;16", "float32": "F"}
    modes = {1: gray_modes.get(dtype, dtype), 3: "RGB"}
    return MODES.get(page.photometric) or modes.get(colours, f"{colours} bands")


def _read_with_pillow(source: EncodedImage, page: Page) -> Layers:
    """Return the stored pixels of a page of YCbCr or old-style JPEG."""
    if source.file is not None:
        raise ValueError(f"{page.kind} of YCbCr cannot be read in windows: save it as RGB")
    encoding = directories.encoding_of(source.data)
    single_page = directories.single_page(source.data, page.tags.offset, encoding)
    try:
        with pillow.open_frame(
            EncodedImage(source.name, single_page, source.max_pixels), "TIFF"
        ) as image:
            return layers_from_pillow(image)
    except BadImage as bad:
        raise ValueError(f"{page.kind} that cannot be decoded: {bad.reason}") from bad
