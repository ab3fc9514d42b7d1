"""Metadata of an image file: colour profile, EXIF data and XMP packet."""

from collections.abc import Mapping
from typing import Any

from PIL import ExifTags, Image
from PIL.ImageFile import ImageFile

from translate.formats import Header

DESCRIPTIVE = (270, 271, 272, 305, 306, 315, 33432)
"""EXIF tags: description, make, model, software, time, artist, copyright"""
MAX_EXIF = 65_000
"""largest size in bytes of EXIF data in a JPEG file"""


def profile(image: ImageFile) -> dict[str, bytes]:
    """Return the colour profile of `image` as an option of Pillow's encoders."""
    value = image.info.get("icc_profile")
    return {"icc_profile": value} if value else {}


def exif(image: ImageFile) -> dict[str, bytes]:
    """Return the EXIF data of `image` without tags that describe its pixels."""
    try:
        exif, kept = image.getexif(), Image.Exif()
        kept.update({tag: exif[tag] for tag in DESCRIPTIVE if tag in exif})
        parts = {part: exif.get_ifd(part) for part in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)}
        for part, tags in parts.items():
            if tags:
                kept.get_ifd(part).update(tags)
        written = kept.tobytes() if kept or any(parts.values()) else b""
    except Exception:  # damaged EXIF data in a file with intact pixels
        return {}
    return {"exif": written} if 0 < len(written) < MAX_EXIF else {}


def xmp(info: Mapping[Any, Any]) -> bytes:
    """Return the XMP packet in the ``info`` of an image; empty if it has none."""
    value = info.get("xmp", b"")
    return value.encode() if isinstance(value, str) else bytes(value or b"")


def options(like: Header) -> dict[str, bytes]:
    """Return the metadata in `like` as options of Pillow's encoders."""
    known = {
        "icc_profile": like.extra.get("icc_profile"),
        "exif": like.private.get("exif"),
        "xmp": like.xmp,
    }
    return {name: value for name, value in known.items() if value}
