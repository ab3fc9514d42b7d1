"""The two decoders: Pillow for headers and rare modes, OpenCV for photographs and deep colour.

Both give (height, width) or (height, width, 3) in uint8 or uint16, as the file holds them: not yet
upright, and with transparency laid over white.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import (
    AvifImagePlugin,  # noqa: F401 - importing it registers the format
    ExifTags,
    Image,
    ImageCms,
    TiffImagePlugin,  # noqa: F401
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)
from PIL.ImageFile import ImageFile

from translate.errors import BadImage

FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")  # JPEG opens MPO as well
ORIENTATION = 0x0112
DESCRIPTIVE = (270, 271, 272, 305, 306, 315, 33432)
"""EXIF tags: description, make, model, software, time, artist, copyright"""
MOST_EXIF = 65_000
"""bytes; a JPEG file holds no more"""
WHITE = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # what is wrong, we say ourselves

_lock = Lock()  # warning filters and Pillow's limit belong to the whole process
os.register_at_fork(
    before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
)


@contextmanager
def opened(data: bytes, path: Path, max_pixels: int, frame: int = 0) -> Iterator[ImageFile]:
    """Open `data` with Pillow; whatever goes wrong becomes a `BadImage`, or is no matter."""
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        usual, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, max_pixels
        try:
            with Image.open(BytesIO(data), formats=FORMATS) as image:
                if frame:
                    image.seek(frame)
                    if image.width * image.height > max_pixels:  # Pillow looks at the first alone
                        raise Image.DecompressionBombError
                yield image
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise BadImage(path, f"more than {max_pixels:,} pixels") from error
        except Exception as error:
            raise BadImage(path, reason(error)) from error
        finally:
            Image.MAX_IMAGE_PIXELS = usual


def reason(error: Exception) -> str:
    """Return what went wrong, in one line."""
    match error:
        case UnidentifiedImageError():
            return f"no image of a known format ({', '.join(FORMATS)})"
        case MemoryError():
            return "not enough memory"
        case OSError(strerror=str(text)):
            return text
    return " ".join(str(error).split()) or type(error).__name__


def orientation(image: ImageFile, data: bytes) -> int:
    """Return the EXIF tag, from 1 to 8, that the decoded pixels are still to be turned by."""
    if image.format == "TIFF":
        return 1  # both decoders turn these themselves, and the size is the upright one already
    if not _may_have_exif(image, data):
        return 1
    try:
        tag = image.getexif().get(ORIENTATION, 1)
    except Exception:  # damaged EXIF beside sound pixels
        return 1
    return tag if tag in range(1, 9) else 1


def beside(image: ImageFile, data: bytes, channels: int, *, private: bool) -> dict[str, bytes]:
    """Return what may be saved beside the pixels, by the name that Pillow's encoders have for it.

    That is a colour profile, if it is one of so many `channels`, and where `private` is wanted the
    EXIF data, without what describes the pixels of the file that it is from.
    """
    profile = image.info.get("icc_profile") or b""
    suits = profile[16:20] == {1: b"GRAY", 3: b"RGB "}[channels]
    found = {"icc_profile": profile} if suits else {}
    if private and _may_have_exif(image, data):
        try:
            exif, kept = image.getexif(), Image.Exif()
            kept.update({tag: exif[tag] for tag in DESCRIPTIVE if tag in exif})
            parts = {part: exif.get_ifd(part) for part in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)}
            for part, tags in parts.items():
                if tags:
                    kept.get_ifd(part).update(tags)
            written = kept.tobytes() if kept or any(parts.values()) else b""
        except Exception:  # damaged EXIF beside sound pixels
            return found
        if 0 < len(written) < MOST_EXIF:
            found["exif"] = written
    return found


def _may_have_exif(image: ImageFile, data: bytes) -> bool:
    """Tell whether to look: in a PNG without a mark Pillow would decode all pixels for that."""
    marks = (b"eXIf", b"Raw profile type exif", b"tiff:Orientation")
    return image.format != "PNG" or any(mark in data for mark in marks)


def frames(image: ImageFile) -> int:
    """Return how many frames or pages there are."""
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception:  # a later frame is damaged; the first decides
        return 1


def is_deep(image: ImageFile) -> bool:
    """Tell whether the file holds more than eight bits a channel."""
    tiles = str(image.tile)
    return ";16" in tiles or "('RGB', 65535)" in tiles or image.mode[0] in "IF"


def by_opencv(data: bytes) -> NDArray[Any] | None:
    """Return the pixels of a file, or None where OpenCV cannot or should not decode it."""
    if data.startswith(b"\x89PNG") and not _is_whole(data):
        return None
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except (cv2.error, MemoryError):
        return None
    if pixels is None or pixels.dtype not in WHITE or pixels.shape[2:] not in ((), (3,), (4,)):
        return None
    if pixels.ndim == 2:
        return pixels
    return over_white(pixels[..., [2, 1, 0, 3][: pixels.shape[2]]])


def by_pillow(image: Image.Image) -> NDArray[Any]:
    """Return the pixels of `image`; colour of more than eight bits is cut to eight."""
    image.load()
    if image.mode.startswith("I;16"):
        deep = np.asarray(image).astype(np.uint16)
        return np.where(deep == image.info.get("transparency", -1), np.uint16(65535), deep)
    if image.mode in ("I", "F"):
        return _from_numbers(np.asarray(image))
    if image.has_transparency_data:
        return over_white(np.asarray(image.convert("RGBA")))
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
        return np.asarray(converted)
    return np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB"))


def over_white(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return `pixels` without their fourth channel, where they have one: white shows through."""
    if pixels.shape[2] < 4:
        return pixels
    white = WHITE[pixels.dtype]
    colour, alpha = pixels[..., :3].astype(np.uint32), pixels[..., 3:].astype(np.uint32)
    return ((colour * alpha + white * (white - alpha) + white // 2) // white).astype(pixels.dtype)


def _from_numbers(values: NDArray[Any]) -> NDArray[Any]:
    """Return the pixels of a mode I or F file, whose values have no agreed range."""
    if not np.isfinite(values).all():
        raise ValueError("not all values are finite")
    whole = np.issubdtype(values.dtype, np.integer)
    if whole and values.min() >= 0 and values.max() <= 65535:
        return values.astype(np.uint16)
    shares = np.clip(values / max(1.0, float(values.max())), 0, 1)
    kind = np.dtype(np.uint16 if whole else np.uint8)
    return np.rint(shares * WHITE[kind]).astype(kind)


def _is_whole(png: bytes) -> bool:
    """Tell whether each chunk of `png` is as long as it says: OpenCV would allocate it unseen."""
    end, kind = 8, b""
    while end < len(png) and kind != b"IEND":
        kind = png[end + 4 : end + 8]
        end += 12 + int.from_bytes(png[end : end + 4], "big")
    return end <= len(png)
