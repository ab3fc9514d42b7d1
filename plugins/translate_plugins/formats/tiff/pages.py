"""Pages of a TIFF: what their pixels are, and which are refused with a reason."""

import logging
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from translate.images.layers import MAX_CHANNELS
from translate.images.source import EncodedImage
from translate_plugins.formats.tiff import directories

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

GRAY_INVERTED, GRAY, RGB, PALETTE, CMYK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8
"""PhotometricInterpretation; of GRAY_INVERTED, 0 is white"""
COLOURS = {GRAY_INVERTED: 1, GRAY: 1, RGB: 3, PALETTE: 1, CMYK: 4, YCBCR: 3, LAB: 3}
"""bands without extra ones"""
UNREAD_COLOURS = {
    4: "a transparency mask",
    9: "ICC L*a*b*",
    10: "ITU L*a*b*",
    32803: "a colour filter array",
    32844: "LogL",
    32845: "LogLuv",
    34892: "linear raw",
}
UNCOMPRESSED, OLD_JPEG, JPEG = 1, 6, 7
LOSSLESS = {
    UNCOMPRESSED: "none",
    5: "LZW",
    8: "deflate",
    32773: "PackBits",
    32946: "deflate",
    34925: "LZMA",
    50000: "Zstandard",
}
"""compressions that are read and written"""
READ = {**LOSSLESS, 2: "CCITT", 3: "CCITT", 4: "CCITT", OLD_JPEG: "JPEG", JPEG: "JPEG"}
DTYPES = {"b1": "uint8", "u1": "uint8", "u2": "uint16", "i1": "int16", "i2": "int16"}
"""types of files, and what they are read as; others are read as float32"""
SAMPLE_FORMATS = {1: "uint", 2: "int", 3: "float", 4: "uint", 5: "complex int", 6: "complex"}


@dataclass(frozen=True)
class Page:
    """One page of a TIFF."""

    tags: "TiffPage"
    """as `tifffile` reads it"""
    file: BinaryIO
    lock: Lock = field(repr=False)
    """held while the position in `file` matters"""

    @cached_property
    def size(self) -> tuple[int, int]:
        """Height and width as stored."""
        return self.tags.imagelength, self.tags.imagewidth

    @cached_property
    def bands(self) -> int:
        """The number of bands."""
        return self.tags.samplesperpixel

    @cached_property
    def bits(self) -> int:
        """How many bits a band has; 0 if bands differ."""
        bits = self.tags.bitspersample
        return bits if isinstance(bits, int) else 0

    @cached_property
    def photometric(self) -> int:
        """PhotometricInterpretation, of the colours that the decoder returns."""
        value = int(self.tags.photometric if self.tags.photometric is not None else GRAY_INVERTED)
        return (
            RGB if value == YCBCR and self.tags.compression == JPEG and self.bands == 3 else value
        )

    @cached_property
    def colours(self) -> int:
        """The number of bands of gray, palette indices or colour."""
        return COLOURS.get(self.photometric, self.bands)

    @cached_property
    def alpha(self) -> tuple[int, bool] | None:
        """The band of opacity, and whether the colours are multiplied by it; None: opaque."""
        kinds = tuple(self.tags.extrasamples or ())[: max(0, self.bands - self.colours)]
        places = (place for place, kind in enumerate(kinds) if kind in (1, 2))
        first = next(places, None)
        return None if first is None else (self.colours + first, kinds[first] == 1)

    @cached_property
    def dtype(self) -> str:
        """The type that the page is read as."""
        stored = np.dtype(self.tags.dtype)
        return DTYPES.get(stored.kind + str(stored.itemsize), "float32")

    @cached_property
    def is_converted(self) -> bool:
        """Whether it is read as RGB, and stored otherwise."""
        return self.photometric in (PALETTE, CMYK, YCBCR, LAB)

    @cached_property
    def channels(self) -> int:
        """How many it is read as."""
        return self.bands - self.colours + (3 if self.is_converted else self.colours)

    @cached_property
    def kind(self) -> str:
        """The kind of page, as an error names it: "a TIFF of 7 bands of uint8"."""
        plural = "s" if self.bands != 1 else ""
        numbers = SAMPLE_FORMATS.get(int(self.tags.sampleformat), "unknown ")
        return f"a TIFF of {self.bands} band{plural} of {numbers}{self.bits or ' mixed depths'}"


@dataclass(frozen=True)
class Pages:
    """The pages of one file."""

    file: BinaryIO
    numbers: directories.Numbers
    offsets: list[int]
    lock: Lock = field(default_factory=Lock, repr=False)
    _opened: dict[int, Page] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.offsets)

    def page(self, frame: int) -> Page:
        """Return a page; raises `ValueError` for one that is not there, damaged or not read."""
        if frame >= len(self):
            raise ValueError(f"it has {len(self)} pages, and no page {frame + 1}")
        if frame not in self._opened:
            self._opened.clear()  # pages are read in order, and may be many
            with self.lock:
                self._opened[frame] = self._read(self.offsets[frame], frame)
        return self._opened[frame]

    def _read(self, offset: int, frame: int) -> Page:
        from tifffile import TiffPage

        directories.require_plausible(self.file, offset, self.numbers)
        try:
            self._tiff.filehandle.seek(offset)
            page = Page(TiffPage(self._tiff, index=frame), self.file, self.lock)
            reason = _reason(page)
        except Exception as error:
            raise ValueError("a damaged TIFF: its tags cannot be read") from error
        if not min(page.size):
            raise ValueError("a damaged TIFF: it has no size")
        if reason:
            raise ValueError(f"{page.kind}: {reason}")
        return page

    @cached_property
    def _tiff(self) -> "TiffFile":
        from tifffile import TiffFile

        logging.getLogger("tifffile").addHandler(logging.NullHandler())  # errors are reported by us
        self.file.seek(self.numbers.start)
        (first,) = self.numbers.offset.unpack(self.file.read(self.numbers.offset.size))
        directories.require_plausible(self.file, first, self.numbers)
        self.file.seek(0)  # where `tifffile` takes the beginning to be
        return TiffFile(self.file, is_lsm=False, is_ndpi=False, is_scanimage=False)


def open_pages(source: EncodedImage) -> Pages:
    """Return the pages of a TIFF, whose tags are read once."""
    if "TIFF" not in source.cache:
        file: BinaryIO = source.file or BytesIO(source.data)
        numbers = directories.numbers_of(source.data)
        offsets = directories.page_offsets(file, numbers)
        source.cache["TIFF"] = Pages(file, numbers, offsets)
    pages: Pages = source.cache["TIFF"]
    return pages


def _reason(page: Page) -> str:
    """Return why a page is not read; "" if it is."""
    tags, extra = page.tags, page.bands - page.colours
    if tags.imagedepth != 1:
        return f"a volume of {tags.imagedepth} slices in one page is not read: save a page for each"
    if int(tags.compression) not in READ:
        known = ", ".join(dict.fromkeys(READ.values()))
        name = getattr(tags.compression, "name", tags.compression)
        return f"compression {name} is not read: expected one of {known}"
    if page.photometric not in COLOURS:
        known = "gray, RGB, palettes, CMYK, YCbCr and L*a*b*"
        number = f"PhotometricInterpretation {page.photometric}"
        return f"{UNREAD_COLOURS.get(page.photometric, number)} is not read, but {known}"
    if not page.bits or tags.dtype is None or np.dtype(tags.dtype).kind == "c":
        return "integers and floats of one type can be read"
    if extra < 0:
        return f"{page.colours} belong to such colours: it is damaged"
    if page.bands > MAX_CHANNELS:
        return f"at most {MAX_CHANNELS} bands can be read"
    return _colour_reason(page)


def _colour_reason(page: Page) -> str:
    """Return why the colours of a page are not read; "" if they are."""
    kind = np.dtype(page.tags.dtype).kind
    if page.photometric == GRAY_INVERTED and kind == "i":
        return "0 as white is read of numbers without a sign alone"
    if page.is_converted and (kind not in "ub" or page.bits not in _depths(page)):
        return "more than 8 bits are read of gray, RGB and CMYK alone"
    if page.photometric == CMYK and page.tags.tags.valueof(332, 1) != 1:
        return f"InkSet {page.tags.tags.valueof(332)} is not read, but 1, which is CMYK"
    if needs_pillow(page) and (page.bands > 3 or page.tags.planarconfig == 2):
        return "such YCbCr is read in 3 bands that are stored together"
    return ""


def _depths(page: Page) -> tuple[int, ...]:
    if page.photometric == PALETTE:
        return (1, 2, 4, 8)
    return (8, 16) if page.photometric == CMYK else (8,)


def needs_pillow(page: Page) -> bool:
    """Return whether Pillow is the decoder: of colours that `tifffile` does not convert."""
    return page.photometric == YCBCR or page.tags.compression == OLD_JPEG
