"""What is kept of a file besides its pixels: its colour profile, and what a camera wrote."""

from pathlib import Path

from PIL import ExifTags, Image
from PIL.ImageFile import ImageFile

from translate.errors import BadImage
from translate.images import pillow, tiff, tiff_tags

DESCRIPTIVE = (270, 271, 272, 305, 306, 315, 33432)
"""EXIF tags: description, make, model, software, time, artist, copyright"""
MOST_EXIF = 65_000
"""bytes; a JPEG file holds no more"""


def of(
    data: bytes, path: Path, channels: int, max_pixels: int, *, private: bool
) -> dict[str, bytes]:
    """Return what may be saved beside the pixels, by the name that Pillow's encoders have for it.

    That is a colour profile, if it is one of so many `channels`, and where `private` is wanted the
    EXIF data, without what describes the pixels of the file that it is from. Raises `BadImage`.
    """
    try:
        with pillow.opened(data, path, max_pixels) as image:
            profile = image.info.get("icc_profile") or b""
            found = _exif(image, data) if private else {}
    except BadImage:
        if not tiff_tags.is_tiff(data):
            raise
        profile, found = tiff.profile(data), {}  # Pillow opens fewer than are read
    profile = suiting(profile, channels)
    return {"icc_profile": profile, **found} if profile else found


def suiting(profile: bytes, channels: int) -> bytes:
    """Return a colour profile that is one of images of so many channels, else nothing."""
    return profile if profile[16:20] == {1: b"GRAY", 3: b"RGB "}[channels] else b""


def _exif(image: ImageFile, data: bytes) -> dict[str, bytes]:
    if not pillow.may_have_exif(image, data):
        return {}
    try:
        exif, kept = image.getexif(), Image.Exif()
        kept.update({tag: exif[tag] for tag in DESCRIPTIVE if tag in exif})
        parts = {part: exif.get_ifd(part) for part in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)}
        for part, tags in parts.items():
            if tags:
                kept.get_ifd(part).update(tags)
        written = kept.tobytes() if kept or any(parts.values()) else b""
    except Exception:  # damaged EXIF beside sound pixels
        return {}
    return {"exif": written} if 0 < len(written) < MOST_EXIF else {}
