"""TIFF tags: how the pages of a file hold their pixels, and which decoder reads them right.

Each decoder ignores some tags, and then gives wrong pixels without a word. So the tags are read
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
KINDS = {UINT: "uint", INT: "int", FLOAT: "float", 4: "undefined", 5: "complex int", 6: "complex"}
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
    inks: int
    dark: bool
    """whether a palette has values of 8 bits where 16 are due"""
    depth: int = 1
    """ImageDepth: slices of a volume in this one page"""
    swapped: bool = False
    """whether it is in a big-endian BigTIFF, of which Pillow reads none"""

    @property
    def colours(self) -> int:
        """How many bands are gray, a palette's index or colour."""
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
        """What the page is, for a person: "a TIFF of 7 bands of uint8"."""
        plural = "s" if self.bands != 1 else ""
        kind = KINDS.get(self.kind, "unknown ")
        return f"a TIFF of {self.bands} band{plural} of {kind}{self.bits}"

    @property
    def by_opencv(self) -> bool:
        """Whether OpenCV is the decoder: of more than 8 bits, but for CMYK."""
        return self.bits > 8 and self.photometric != CMYK


def page(data: bytes, offset: int) -> Page:
    """Return what the tags at `offset` say; raises `ValueError` where they cannot be read."""
    try:
        directory, _ = tiff_tags.directory(data, offset)
        compression = directory.value(259, 1)
        photometric = YCBCR if compression == 6 else directory.value(262, GRAY_INVERTED)
        jpeg = compression in JPEG and photometric in (RGB, YCBCR)
        bands = directory.value(277, 3 if jpeg else 1)
        bits, kinds = directory.values(258, 1), directory.values(339, UINT)
        palette = directory.values(320, most=3 << 16)
        found = Page(
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
            inks=directory.value(332, 1),
            dark=0 < max(palette, default=0) < 256,
            depth=directory.value(32997, 1),
            swapped=tiff_tags.is_big(data) and tiff_tags.byte_order(data) == ">",
        )
    except (struct.error, OverflowError, MemoryError) as error:
        raise ValueError("a damaged TIFF: its tags cannot be read") from error
    if not min(found.size):
        raise ValueError("a damaged TIFF: it has no size")
    return found


def require_readable(found: Page) -> None:
    """Raise `ValueError`, with the reason, for a page that no decoder would read right."""
    reason = _reason(found)
    if reason:
        raise ValueError(f"{found.name}: {reason}")


def _reason(found: Page) -> str:
    """Return why a page is not read; "" where it is."""
    deep = found.bits > 8
    if found.depth != 1:
        return f"a volume of {found.depth} slices in one page is not read: save a page for each"
    if found.swapped and not found.by_opencv:
        return "of 8 bits or CMYK no big-endian BigTIFF is read: save it little-endian"
    if found.photometric not in COLOURS:
        other = OTHERS.get(found.photometric, f"PhotometricInterpretation {found.photometric}")
        return f"{other} is not read, but gray, RGB, palettes, CMYK, YCbCr and L*a*b*"
    if found.kind not in (UINT, FLOAT) or not _is_known(found):
        known = "uint8, uint16, and float32 or float64 from 0 to 1 can be read"
        return f"{known}: convert all files with one scale"
    extra = found.bands - found.colours
    if extra < 0:
        return f"{found.colours} belong to such colours: it is damaged"
    if found.photometric in (GRAY, GRAY_INVERTED, RGB):
        most = (0 if found.colours == 1 else 1) if deep else (1 if found.colours == 1 else 3)
        if extra > most or (extra and found.photometric == GRAY_INVERTED):
            gray = found.bands == 3 and "they are declared as gray and 2 more: "
            return f"{gray or ''}1 or 3 can be read{' of RGB' if gray else ''}"
        if any(found.extra[1:]):
            return "alpha is read in the first band after the colours alone"
    elif extra and found.alpha:
        return "alpha beside such colours is not read: save it without, or as RGB"
    elif deep and (found.photometric, found.bits, extra) != (CMYK, 16, 0):
        return "more than 8 bits are read of gray, RGB and CMYK alone"
    if found.inks != 1:
        return f"InkSet {found.inks} is not read, but 1, which is CMYK"
    if found.planar and (deep or (found.photometric, extra, found.alpha) not in _APART):
        return "each is stored on its own: save it with PlanarConfiguration 1 instead of 2"
    return ""


_APART = {(RGB, 0, 0), (RGB, 1, 2), (CMYK, 0, 0)}
"""PhotometricInterpretation, extra bands and alpha that Pillow reads where bands are apart"""


def _is_known(found: Page) -> bool:
    """Tell whether numbers of this kind have a range that all agree on, and can be decoded."""
    if found.kind == FLOAT:
        return found.bits in (32, 64) and found.photometric in (GRAY, GRAY_INVERTED, RGB)
    if found.bits in (10, 12, 14):
        return found.photometric in (GRAY, GRAY_INVERTED, RGB)
    return found.bits in ((1, 2, 4, 8, 16) if found.bands == 1 else (8, 16))


def alone(data: bytes, found: Page) -> bytes:
    """Return a TIFF of this page only: its pixels as stored, 0 as black where OpenCV is to read it.

    A decoder so never follows the chain of directories.
    """
    order, wide = tiff_tags.byte_order(data), tiff_tags.is_big(data)
    directory, following = tiff_tags.directory(data, found.offset)
    invert = found.by_opencv and found.photometric == GRAY_INVERTED
    if tiff_tags.first(data) == found.offset and not following and not invert:
        return data
    changed = bytearray(data)
    number, start, count, step = ("Q", 8, "Q", 20) if wide else ("I", 4, "H", 12)
    struct.pack_into(order + number, changed, start, found.offset)
    (entries,) = struct.unpack_from(order + count, data, found.offset)
    end = found.offset + struct.calcsize(order + count) + step * entries
    struct.pack_into(order + number, changed, end, 0)
    if invert and 262 in directory.entries:
        letter, _, place = directory.entries[262]
        struct.pack_into(order + letter, changed, place, GRAY)
    return bytes(changed)


def palette(data: bytes, found: Page) -> bytes:
    """Return the colours of a palette of 8-bit values, one after the other."""
    directory, _ = tiff_tags.directory(data, found.offset)
    values = directory.values(320, most=3 << 16)
    third = len(values) // 3
    return bytes(values[i + third * band] for i in range(third) for band in range(3))


def profile(data: bytes) -> bytes:
    """Return the ICC profile of the first page; empty where there is none."""
    try:
        directory, _ = tiff_tags.directory(data, tiff_tags.pages(data)[0])
        return bytes(directory.values(34675, most=16 << 20))
    except (ValueError, struct.error, OverflowError):
        return b""
