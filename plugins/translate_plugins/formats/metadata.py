"""Metadata of an image file: colour profile, EXIF data and XMP packet."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from PIL import ExifTags, Image
from PIL.ImageFile import ImageFile

from translate.formats import Header

DESCRIPTIVE_TAGS = (270, 271, 272, 305, 306, 315, 33432)
"""EXIF tags that outputs keep: description, make, model, software, time, artist, copyright"""
EXIF_DIRECTORIES = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
"""directories of camera and GPS data"""
MAX_EXIF_BYTES = 65_000
"""largest size of EXIF data, as a JPEG file can store; larger data is dropped"""


class LazyMetadata(Mapping[str, bytes]):
    """Metadata that `read` returns, read at first use."""

    def __init__(self, read: Callable[[], dict[str, bytes]]) -> None:
        self._read = read

    @cached_property
    def _values(self) -> dict[str, bytes]:
        return self._read()

    def __getitem__(self, name: str) -> bytes:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def profile(image: ImageFile) -> dict[str, bytes]:
    """Return the colour profile of `image` as an option of Pillow's encoders."""
    value = image.info.get("icc_profile")
    return {"icc_profile": value} if value else {}


def exif(image: ImageFile) -> dict[str, bytes]:
    """Return the EXIF data of `image` as an option of Pillow's encoders.

    Of the main directory `DESCRIPTIVE_TAGS` are kept; of the directories of camera and GPS, all.
    """
    try:
        exif, kept_exif = image.getexif(), Image.Exif()
        kept_exif.update({tag: exif[tag] for tag in DESCRIPTIVE_TAGS if tag in exif})
        directories = {name: exif.get_ifd(name) for name in EXIF_DIRECTORIES}
        for name, tags in directories.items():
            if tags:
                kept_exif.get_ifd(name).update(tags)
        data = kept_exif.tobytes() if kept_exif or any(directories.values()) else b""
    except Exception:  # damaged EXIF data in a file with intact pixels
        return {}
    return {"exif": data} if 0 < len(data) < MAX_EXIF_BYTES else {}


def xmp(info: Mapping[Any, Any]) -> bytes:
    """Return the XMP packet in the ``info`` of an image; empty if it has none."""
    value = info.get("xmp", b"")
    return value.encode() if isinstance(value, str) else bytes(value or b"")


def options(like: Header) -> dict[str, bytes]:
    """Return the metadata in `like` as options of Pillow's encoders."""
    entries = {
        "icc_profile": like.extra.get("icc_profile"),
        "exif": like.private.get("exif"),
        "xmp": like.xmp,
    }
    return {name: value for name, value in entries.items() if value}
