"""Pages of a TIFF: their pixel types, and the reasons why a page is not supported."""

import logging
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from translate.batches import MAX_CHANNELS
from translate.images.source import EncodedImage
from translate_plugins.formats.tiff import directories

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

INK_SET_TAG = 332
"""code of the tag InkSet"""
GRAY_INVERTED, GRAY, RGB, PALETTE, CMYK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8
"""values of PhotometricInterpretation; in GRAY_INVERTED, 0 is white"""
COLOURS = {GRAY_INVERTED: 1, GRAY: 1, RGB: 3, PALETTE: 1, CMYK: 4, YCBCR: 3, LAB: 3}
"""number of colour bands, by PhotometricInterpretation"""
UNSUPPORTED_COLOURS = {
    4: "a transparency mask",
    9: "ICC L*a*b*",
    10: "ITU L*a*b*",
    32803: "a colour filter array",
    32844: "LogL",
    32845: "LogLuv",
    34892: "linear raw",
}
"""PhotometricInterpretation of pages that are not read, with names for messages"""
UNCOMPRESSED, OLD_JPEG, JPEG, PACKBITS = 1, 6, 7, 32773
"""values of Compression"""
LOSSLESS = {
    UNCOMPRESSED: "none",
    5: "LZW",
    8: "deflate",
    PACKBITS: "PackBits",
    32946: "deflate",
    34925: "LZMA",
    50000: "Zstandard",
}
"""values of Compression that are read and written, with names for messages"""
READABLE = {**LOSSLESS, 2: "CCITT", 3: "CCITT", 4: "CCITT", OLD_JPEG: "JPEG", JPEG: "JPEG"}
"""values of Compression that are read, with names for messages"""
DTYPES = {"b1": "uint8", "u1": "uint8", "u2": "uint16", "i1": "int16", "i2": "int16"}
"""dtypes of pixels, by kind and bytes of the stored values; all others are read as float32"""
SAMPLE_FORMATS = {1: "uint", 2: "int", 3: "float", 4: "uint", 5: "complex int", 6: "complex"}
"""names of SampleFormat, for messages"""
UNSPECIFIED, ASSOCIATED_ALPHA, UNASSOCIATED_ALPHA = 0, 1, 2
"""values of ExtraSamples; colours are multiplied by associated alpha"""


class AlphaBand(NamedTuple):
    """The alpha band of a page."""

    band: int
    """its index"""
    is_premultiplied: bool
    """whether stored colours are multiplied by alpha"""


@dataclass(frozen=True)
class Page:
    """One page of a TIFF."""

    tags: "TiffPage"
    """the page of `tifffile`"""
    file: BinaryIO
    lock: Lock = field(repr=False)
    """held while `file` is read"""

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
        """Bits per band; 0 if bands differ."""
        bits = self.tags.bitspersample
        return bits if isinstance(bits, int) else 0

    @cached_property
    def photometric(self) -> int:
        """PhotometricInterpretation of decoded pixels; JPEG is decoded to RGB."""
        value = int(self.tags.photometric if self.tags.photometric is not None else GRAY_INVERTED)
        is_jpeg = self.tags.compression == JPEG and self.bands == 3
        return RGB if value == YCBCR and is_jpeg else value

    @cached_property
    def colours(self) -> int:
        """The number of colour bands: of gray, palette indices or colours."""
        return COLOURS.get(self.photometric, self.bands)

    @cached_property
    def alpha(self) -> AlphaBand | None:
        """The first alpha band, if there is one."""
        kinds = tuple(self.tags.extrasamples or ())[: max(0, self.bands - self.colours)]
        for index, kind in enumerate(kinds, self.colours):
            if kind in (ASSOCIATED_ALPHA, UNASSOCIATED_ALPHA):
                return AlphaBand(index, is_premultiplied=kind == ASSOCIATED_ALPHA)
        return None

    @cached_property
    def dtype(self) -> str:
        """The dtype of the pixels that are returned."""
        stored = np.dtype(self.tags.dtype)
        return DTYPES.get(stored.kind + str(stored.itemsize), "float32")

    @cached_property
    def is_converted(self) -> bool:
        """Whether colours are converted to RGB."""
        return self.photometric in (PALETTE, CMYK, YCBCR, LAB)

    @cached_property
    def channels(self) -> int:
        """The number of channels that are returned, alpha included."""
        return self.bands - self.colours + (3 if self.is_converted else self.colours)

    @cached_property
    def kind(self) -> str:
        """The description of the page in errors: "a TIFF of 7 bands of uint8"."""
        plural = "s" if self.bands != 1 else ""
        sample_format = SAMPLE_FORMATS.get(int(self.tags.sampleformat), "unknown ")
        return (
            f"a TIFF of {self.bands} band{plural} of {sample_format}{self.bits or ' mixed depths'}"
        )


@dataclass(frozen=True)
class Pages:
    """The pages of one file."""

    file: BinaryIO
    encoding: directories.Encoding
    offsets: list[int]
    lock: Lock = field(default_factory=Lock, repr=False)
    _opened: dict[int, Page] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.offsets)

    def page(self, frame: int) -> Page:
        """Return a page; raises `ValueError` if it is missing, damaged or not supported."""
        if frame >= len(self):
            raise ValueError(f"there is no page {frame + 1}: it has {len(self)} pages")
        if frame not in self._opened:
            self._opened.clear()  # pages are read in order: one is enough
            with self.lock:
                self._opened[frame] = self._read(self.offsets[frame], frame)
        return self._opened[frame]

    def _read(self, offset: int, frame: int) -> Page:
        from tifffile import TiffPage

        directories.check_directory_size(self.file, offset, self.encoding)
        try:
            self._tiff.filehandle.seek(offset)
            page = Page(TiffPage(self._tiff, index=frame), self.file, self.lock)
            reason = _reason_unsupported(page)
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

        logging.getLogger("tifffile").addHandler(logging.NullHandler())  # errors are raised here
        self.file.seek(self.encoding.start)
        (first,) = self.encoding.offset.unpack(self.file.read(self.encoding.offset.size))
        directories.check_directory_size(self.file, first, self.encoding)
        self.file.seek(0)  # `tifffile` starts at the current position
        return TiffFile(self.file, is_lsm=False, is_ndpi=False, is_scanimage=False)


def open_pages(source: EncodedImage) -> Pages:
    """Return the pages of a TIFF; the list of its directories is cached in `source`."""
    if "TIFF" not in source.cache:
        file: BinaryIO = source.file or BytesIO(source.data)
        encoding = directories.encoding_of(source.data)
        offsets = directories.page_offsets(file, encoding)
        source.cache["TIFF"] = Pages(file, encoding, offsets)
    pages: Pages = source.cache["TIFF"]
    return pages


def _reason_unsupported(page: Page) -> str:
    """Return why a page cannot be read; "" if it can."""
    tags = page.tags
    if tags.imagedepth != 1:
        return f"a volume of {tags.imagedepth} slices in one page: expected a page for each slice"
    if int(tags.compression) not in READABLE:
        expected = ", ".join(dict.fromkeys(READABLE.values()))
        name = getattr(tags.compression, "name", tags.compression)
        return f"compression {name}: expected one of {expected}"
    if page.photometric not in COLOURS:
        expected = "gray, RGB, palette, CMYK, YCbCr or L*a*b*"
        number = f"PhotometricInterpretation {page.photometric}"
        return f"{UNSUPPORTED_COLOURS.get(page.photometric, number)}: expected {expected}"
    if not page.bits or tags.dtype is None or np.dtype(tags.dtype).kind == "c":
        return "expected integers or floats, of one type in all bands"
    if page.bands < page.colours:
        return f"a damaged file: its colours have {page.colours} bands"
    if page.bands > MAX_CHANNELS:
        return f"expected at most {MAX_CHANNELS} bands"
    return _reason_unsupported_colours(page)


def _reason_unsupported_colours(page: Page) -> str:
    """Return why the colours of a page cannot be read; "" if they can."""
    kind = np.dtype(page.tags.dtype).kind
    if page.photometric == GRAY_INVERTED and kind == "i":
        return "gray with 0 as white: expected unsigned integers or floats"
    if page.is_converted and (kind not in "ub" or page.bits not in _supported_bits(page)):
        return "colours in more than 8 bits: expected gray, RGB or CMYK"
    if page.photometric == CMYK and page.tags.tags.valueof(INK_SET_TAG, 1) != 1:
        return f"InkSet {page.tags.tags.valueof(INK_SET_TAG)}: expected 1, which is CMYK"
    if needs_pillow(page) and (page.bands > 3 or page.tags.planarconfig == 2):
        return "YCbCr: expected 3 bands in one plane"
    return ""


def _supported_bits(page: Page) -> tuple[int, ...]:
    if page.photometric == PALETTE:
        return (1, 2, 4, 8)
    return (8, 16) if page.photometric == CMYK else (8,)


def needs_pillow(page: Page) -> bool:
    """Return whether Pillow has to decode the page: `tifffile` does not convert its colours."""
    return page.photometric == YCBCR or page.tags.compression == OLD_JPEG
