"""Tags of an input TIFF that its output keeps: file layout, georeference, calibration, profile."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from translate_plugins.formats.tiff import pages
from translate_plugins.formats.tiff.pages import Page

if TYPE_CHECKING:
    from tifffile import TiffTag

PIXEL_SCALE, TIE_POINTS, TRANSFORMATION = 33550, 33922, 34264
GEOREFERENCE = (PIXEL_SCALE, TIE_POINTS, TRANSFORMATION)
"""GeoTIFF tags that relate pixels to coordinates"""
KEPT_TAGS = (34735, 34736, 34737, 42112, 42113, 50844)
"""GeoTIFF keys, doubles and text; GDAL metadata and no-data value; rational polynomials"""
RESOLUTION_UNIT, IMAGEJ_COUNTS, IMAGEJ = 296, 50838, 50839
PROFILE, XMP, ORIENTATION, X_RESOLUTION, Y_RESOLUTION = 34675, 700, 274, 282, 283
"""codes of tags"""
DEFLATE = 8
"""value of Compression"""
BYTE = 1
BYTE_TYPES = (BYTE, 2, 7)
"""types of tags with bytes as values: BYTE, ASCII and UNDEFINED"""
IMAGEJ_STACK = ("images=", "channels=", "slices=", "frames=", "hyperstack=", "mode=", "loop=")
"""lines of ImageJ's description that hold for a file of several pages"""


@dataclass(frozen=True)
class Tag:
    """One tag, as `tifffile` writes it."""

    code: int
    dtype: int
    count: int
    value: Any


def header_extra(page: Page, *, only_page: bool) -> dict[str, Any]:
    """Return the entries of `Header.extra` for a page, the `only_page` of its file or not."""
    tags = page.tags
    entries: dict[str, Any] = {
        "tiff_byte_order": tags.parent.byteorder,
        "tiff_big": tags.parent.is_bigtiff,
        "tiff_compression": int(tags.compression),
        "tiff_predictor": int(tags.predictor),
        "tiff_planar": tags.planarconfig == 2,
        "tiff_photometric": page.photometric,
        "tiff_size": page.size,
        "tiff_channels": page.channels,
        "tiff_dtype": page.dtype,
        "tiff_block": (tags.tilelength, tags.tilewidth) if tags.is_tiled else tags.rowsperstrip,
        "tiff_tags": tuple(_read_tags(page, only_page=only_page)),
        "tiff_description": _description(page, only_page=only_page),
        "tiff_resolution": _resolution(page),
    }
    profile = tags.tags.valueof(PROFILE)
    if isinstance(profile, bytes):
        entries["icc_profile"] = profile
    return entries


def xmp(page: Page) -> bytes:
    """Return the XMP packet of a page; empty if it has none."""
    tag = page.tags.tags.get(XMP)
    return bytes(_value(tag, page)) if tag and int(tag.dtype) in BYTE_TYPES else b""


def _read_tags(page: Page, *, only_page: bool) -> list[Tag]:
    codes: tuple[int, ...] = (*GEOREFERENCE, *KEPT_TAGS)
    if only_page and page.tags.description.startswith("ImageJ="):
        codes = (*codes, IMAGEJ_COUNTS, IMAGEJ)
    tags = (page.tags.tags.get(code) for code in codes)
    return [Tag(tag.code, int(tag.dtype), tag.count, _value(tag, page)) for tag in tags if tag]


def _value(tag: "TiffTag", page: Page) -> Any:
    """Return the value of a tag; text as bytes, which may not be ASCII."""
    if int(tag.dtype) in BYTE_TYPES:
        with page.lock:
            page.file.seek(tag.valueoffset)
            return page.file.read(tag.valuebytecount)
    return tag.value


def _description(page: Page, *, only_page: bool) -> str:
    """Return the metadata of ImageJ or OME; other text is dropped, since it may be private."""
    text: str = page.tags.description
    if text.startswith("ImageJ="):
        lines = (line for line in text.splitlines() if not line.startswith(IMAGEJ_STACK))
        return text if only_page else "\n".join(lines) + "\n"
    return text if only_page and page.tags.is_ome else ""


def _resolution(page: Page) -> tuple[Any, Any, int] | None:
    """Return pixels per unit as fractions, for x and y, and the unit; None if damaged."""
    x, y = (page.tags.tags.valueof(code) for code in (X_RESOLUTION, Y_RESOLUTION))
    if not (isinstance(x, tuple) and isinstance(y, tuple) and x[1] and y[1]):
        return None
    unit = page.tags.tags.valueof(RESOLUTION_UNIT, 2)
    return (x, y, int(unit)) if unit in (1, 2, 3) else None


def output_compression(extra: dict[str, Any]) -> int:
    """Return the compression of an output: the input's if it is lossless, else deflate."""
    value = extra.get("tiff_compression", DEFLATE)
    return value if value in pages.LOSSLESS else DEFLATE
