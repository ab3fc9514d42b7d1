"""Tags of a TIFF that its translation keeps: layout, georeference, calibration and profile."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from translate_plugins.formats.tiff import pages
from translate_plugins.formats.tiff.pages import Page

if TYPE_CHECKING:
    from tifffile import TiffTag

GEOREFERENCE = {33550: "scale of a pixel", 33922: "tie points", 34264: "transformation"}
"""GeoTIFF tags with coordinates of pixels"""
KEPT = (34735, 34736, 34737, 42112, 42113, 50844)
"""GeoTIFF keys, doubles and text; GDAL metadata and no-data value; rational polynomials"""
DESCRIPTION, RESOLUTION_UNIT, IMAGEJ_COUNTS, IMAGEJ = 270, 296, 50838, 50839
PROFILE, XMP = 34675, 700
BYTES = (1, 2, 7)
"""types of tags whose values are bytes: BYTE, ASCII and UNDEFINED"""
IMAGEJ_STACK = ("images=", "channels=", "slices=", "frames=", "hyperstack=", "mode=", "loop=")
"""lines of ImageJ's description that hold for a file of several pages"""


@dataclass(frozen=True)
class Tag:
    """One tag, as `tifffile` writes it."""

    code: int
    dtype: int
    count: int
    value: Any


def extra(page: Page, *, only_page: bool) -> dict[str, Any]:
    """Return the entries of `Header.extra` for a page."""
    tags = page.tags
    kept: dict[str, Any] = {
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
        kept["icc_profile"] = profile
    return kept


def xmp(page: Page) -> bytes:
    """Return the XMP packet of a page; empty if it has none."""
    tag = page.tags.tags.get(XMP)
    return bytes(_value(tag, page)) if tag and int(tag.dtype) in BYTES else b""


def _read_tags(page: Page, *, only_page: bool) -> list[Tag]:
    codes = (*GEOREFERENCE, *KEPT)
    if only_page and page.tags.description.startswith("ImageJ="):
        codes = (*codes, IMAGEJ_COUNTS, IMAGEJ)
    tags = (page.tags.tags.get(code) for code in codes)
    return [Tag(tag.code, int(tag.dtype), tag.count, _value(tag, page)) for tag in tags if tag]


def _value(tag: "TiffTag", page: Page) -> Any:
    """Return the value of a tag; text as bytes, which may not be ASCII."""
    if int(tag.dtype) in BYTES:
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
    across, down = page.tags.tags.valueof(282), page.tags.tags.valueof(283)
    if not (isinstance(across, tuple) and isinstance(down, tuple) and across[1] and down[1]):
        return None
    unit = page.tags.tags.valueof(RESOLUTION_UNIT, 2)
    return (across, down, int(unit)) if unit in (1, 2, 3) else None


def compression(kept: dict[str, Any]) -> int:
    """Return the compression to write: that of the input if it is lossless, else deflate."""
    value = kept.get("tiff_compression", 8)
    return value if value in pages.LOSSLESS else 8
