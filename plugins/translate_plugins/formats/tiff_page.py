"""TIFF pages: how they store their pixels, and which decoder reads them correctly.

Each decoder ignores some tags, and then returns wrong pixels without an error. So the tags are read
here first, and only combinations whose pixels were compared with the numbers in the file are
decoded; all others are refused with a reason.
"""

import struct
from dataclasses import dataclass

from translate_plugins.formats import tiff_tags

GRAY_INVERTED, GRAY, RGB, PALETTE, CMYK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8
"""PhotometricInterpretation; of GRAY_INVERTED, 0 is white"""
COLOURS = {GRAY_INVERTED: 1, GRAY: 1, RGB: 3, PALETTE: 1, CMYK: 4, YCBCR: 3, LAB: 3}
"""bands without extra ones"""
OTHERS = {
    4: "a transparency mask",
    9: "ICC L*a*b*",
    10: "ITU L*a*b*",
    32803: "a colour filter array",
    32844: "LogL",
    32845: "LogLuv",
    34892: "linear raw",
}
UINT, INT, FLOAT = 1, 2, 3
SAMPLE_FORMATS = {
    UINT: "uint",
    INT: "int",
    FLOAT: "float",
    4: "undefined",
    5: "complex int",
    6: "complex",
}
"""SampleFormat"""
JPEG = (6, 7)


@dataclass(frozen=True)
class Page:
    """One page of a TIFF."""

    offset: int
    """where its directory begins"""
    size: tuple[int, int]
    """height and width as stored"""
    orientation: int
    bits: int
    """of one band"""
    kind: int
    """UINT, INT, FLOAT or another SampleFormat"""
    photometric: int
    bands: int
    extra: tuple[int, ...]
    """ExtraSamples: 1 premultiplied alpha, 2 straight alpha, 0 neither"""
    planar: bool
    """whether each band is stored on its own"""
    compression: int
    ink_set: int
    has_eight_bit_palette: bool
    """whether the palette has 8-bit values, where TIFF specifies 16 bits"""
    depth: int = 1
    """ImageDepth: slices of a volume in this one page"""
    is_big_endian_bigtiff: bool = False
    """whether the file is a big-endian BigTIFF, which Pillow cannot read"""

    @property
    def colours(self) -> int:
        """The number of bands of gray, palette indices or colour."""
        if self.photometric == YCBCR and self.bands == 1:
            return 1
        return COLOURS.get(self.photometric, self.bands)

    @property
    def alpha(self) -> int:
        """1: the band after the colours is premultiplied alpha, 2: straight alpha, 0: neither."""
        first = self.extra[0] if self.extra and self.bands > self.colours else 0
        return first if first in (1, 2) else 0

    @property
    def name(self) -> str:
        """The kind of page, as an error names it: "a TIFF of 7 bands of uint8"."""
        plural = "s" if self.bands != 1 else ""
        kind = SAMPLE_FORMATS.get(self.kind, "unknown ")
        return f"a TIFF of {self.bands} band{plural} of {kind}{self.bits}"

    @property
    def by_opencv(self) -> bool:
        """Whether OpenCV is the decoder: of more than 8 bits, but for CMYK."""
        return self.bits > 8 and self.photometric != CMYK


def read_page(data: bytes, offset: int) -> Page:
    """Return what the tags at `offset` say; raises `ValueError` if they cannot be read."""
    try:
        directory, _ = tiff_tags.read_directory(data, offset)
        compression = directory.value(259, 1)
        photometric = YCBCR if compression == 6 else directory.value(262, GRAY_INVERTED)
        jpeg = compression in JPEG and photometric in (RGB, YCBCR)
        bands = directory.value(277, 3 if jpeg else 1)
        bits, kinds = directory.values(258, 1), directory.values(339, UINT)
        palette = directory.values(320, limit=3 << 16)
        page = Page(
            offset=offset,
            size=(directory.value(257, 0), directory.value(256, 0)),
            orientation=directory.value(274, 1),
            bits=bits[0] if len({*bits}) == 1 else 0,
            kind=kinds[0] if len(set(kinds)) == 1 else 0,
            photometric=photometric,
            bands=bands,
            extra=directory.values(338),
            planar=directory.value(284, 1) == 2 and bands > 1,
            compression=compression,
            ink_set=directory.value(332, 1),
            has_eight_bit_palette=0 < max(palette, default=0) < 256,
            depth=directory.value(32997, 1),
            is_big_endian_bigtiff=tiff_tags.is_bigtiff(data) and tiff_tags.byte_order(data) == ">",
        )
    except (struct.error, OverflowError, MemoryError) as error:
        raise ValueError("a damaged TIFF: its tags cannot be read") from error
    if not min(page.size):
        raise ValueError("a damaged TIFF: it has no size")
    return page


def require_readable(page: Page) -> None:
    """Raise `ValueError`, with the reason, for a page that no decoder reads correctly."""
    reason = _reason(page)
    if reason:
        raise ValueError(f"{page.name}: {reason}")


def _reason(page: Page) -> str:
    """Return why a page is not read; "" if it is."""
    deep = page.bits > 8
    if page.depth != 1:
        return f"a volume of {page.depth} slices in one page is not read: save a page for each"
    if page.is_big_endian_bigtiff and not page.by_opencv:
        return "of 8 bits or CMYK no big-endian BigTIFF is read: save it little-endian"
    if page.photometric not in COLOURS:
        other = OTHERS.get(page.photometric, f"PhotometricInterpretation {page.photometric}")
        return f"{other} is not read, but gray, RGB, palettes, CMYK, YCbCr and L*a*b*"
    if page.kind not in (UINT, FLOAT) or not _has_known_range(page):
        known = "uint8, uint16, and float32 or float64 from 0 to 1 can be read"
        return f"{known}: convert all files with one scale"
    extra = page.bands - page.colours
    if extra < 0:
        return f"{page.colours} belong to such colours: it is damaged"
    if page.photometric in (GRAY, GRAY_INVERTED, RGB):
        limit = (0 if page.colours == 1 else 1) if deep else (1 if page.colours == 1 else 3)
        if extra > limit or (extra and page.photometric == GRAY_INVERTED):
            gray = page.bands == 3 and "they are declared as gray and 2 more: "
            return f"{gray or ''}1 or 3 can be read{' of RGB' if gray else ''}"
        if any(page.extra[1:]):
            return "alpha is read in the first band after the colours alone"
    elif extra and page.alpha:
        return "alpha with such colours is not read: save it without, or as RGB"
    elif deep and (page.photometric, page.bits, extra) != (CMYK, 16, 0):
        return "more than 8 bits are read of gray, RGB and CMYK alone"
    if page.ink_set != 1:
        return f"InkSet {page.ink_set} is not read, but 1, which is CMYK"
    if page.planar and (deep or (page.photometric, extra, page.alpha) not in _PLANAR_READ):
        return "each is stored separately: save it with PlanarConfiguration 1 instead of 2"
    return ""


_PLANAR_READ = {(RGB, 0, 0), (RGB, 1, 2), (CMYK, 0, 0)}
"""PhotometricInterpretation, extra bands and alpha of the planar images that Pillow reads"""


def _has_known_range(page: Page) -> bool:
    """Return whether numbers of this kind have a standard range and can be decoded."""
    if page.kind == FLOAT:
        return page.bits in (32, 64) and page.photometric in (GRAY, GRAY_INVERTED, RGB)
    if page.bits in (10, 12, 14):
        return page.photometric in (GRAY, GRAY_INVERTED, RGB)
    return page.bits in ((1, 2, 4, 8, 16) if page.bands == 1 else (8, 16))


def single_page(data: bytes, page: Page) -> bytes:
    """Return a TIFF of this page only, with 0 as black where OpenCV decodes it.

    So no decoder follows the chain of directories.
    """
    order, wide = tiff_tags.byte_order(data), tiff_tags.is_bigtiff(data)
    directory, following = tiff_tags.read_directory(data, page.offset)
    invert = page.by_opencv and page.photometric == GRAY_INVERTED
    if tiff_tags.first_directory(data) == page.offset and not following and not invert:
        return data
    changed = bytearray(data)
    number, start, count, step = ("Q", 8, "Q", 20) if wide else ("I", 4, "H", 12)
    struct.pack_into(order + number, changed, start, page.offset)
    (entries,) = struct.unpack_from(order + count, data, page.offset)
    end = page.offset + struct.calcsize(order + count) + step * entries
    struct.pack_into(order + number, changed, end, 0)
    if invert and 262 in directory.entries:
        letter, _, place = directory.entries[262]
        struct.pack_into(order + letter, changed, place, GRAY)
    return bytes(changed)


def palette_colours(data: bytes, page: Page) -> bytes:
    """Return the RGB values of an 8-bit palette."""
    directory, _ = tiff_tags.read_directory(data, page.offset)
    values = directory.values(320, limit=3 << 16)
    third = len(values) // 3
    return bytes(values[i + third * band] for i in range(third) for band in range(3))


def colour_profile(data: bytes) -> bytes:
    """Return the ICC profile of the first page; empty if there is none."""
    try:
        directory, _ = tiff_tags.read_directory(data, tiff_tags.page_offsets(data)[0])
        return bytes(directory.values(34675, limit=16 << 20))
    except (ValueError, struct.error, OverflowError):
        return b""
