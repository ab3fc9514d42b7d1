"""Metadata of an image file: the colour profile, and the EXIF data of a camera."""

from collections.abc import Mapping

from PIL import ExifTags, Image
from PIL.ImageFile import ImageFile

DESCRIPTIVE = (270, 271, 272, 305, 306, 315, 33432)
"""EXIF tags: description, make, model, software, time, artist, copyright"""
MAX_EXIF = 65_000
"""bytes; a JPEG file holds no more"""


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
    except Exception:  # damaged EXIF in a file with sound pixels
        return {}
    return {"exif": written} if 0 < len(written) < MAX_EXIF else {}


def options(*metadata: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the entries of `metadata` that Pillow's encoders take."""
    combined = {name: value for each in metadata for name, value in each.items()}
    return {name: combined[name] for name in ("icc_profile", "exif") if name in combined}
