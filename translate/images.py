"""The one reader and the one writer of pictures, and the one value range.

A picture is bytes, or sixteen-bit numbers, until `to_device` makes it floats in [-1, 1], and again
after `from_device`. It is always upright, RGB or gray, and whole: what cannot be read completely is
a `BadImage`.

===========================  =======================================================================
mode of the file             what it becomes
===========================  =======================================================================
L, RGB                       the same, in the file's 8 or 16 bits
1, P, CMYK, YCbCr, LAB, HSV  8 bits by Pillow's conversion, LAB through sRGB
alpha, a transparent colour  laid over white, so that no hidden colour shows
I                            16 bits as they are if they fit, else scaled by the largest value
F                            8 bits: shares of white up to 1, else scaled by the largest value
several frames               the first, colour in 8 bits; `Header.frames` tells how many there are
===========================  =======================================================================
"""

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import (
    AvifImagePlugin,  # noqa: F401 - importing it registers the format
    ImageCms,
    TiffImagePlugin,  # noqa: F401
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)
from PIL import Image as Pillow
from PIL.ImageFile import ImageFile
from torch import Tensor

from translate.engine import files
from translate.errors import BadImage, DataError

Pixels: TypeAlias = NDArray[Any]
"""(height, width, channels), uint8 or uint16."""

SUFFIXES = frozenset(
    {".avif", ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".mpo", ".pbm", ".pgm", ".png"}
    | {".pnm", ".ppm", ".tif", ".tiff", ".webp"}
)
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")  # JPEG opens MPO as well
MAX_PIXELS = 178_956_970
ORIENTATION = 0x0112
WHITE = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # what is wrong, we say ourselves


# -- finding ---------------------------------------------------------------------------------------


class Found(NamedTuple):
    """What lies below a folder."""

    images: list[Path]
    skipped: int
    """How many files have another suffix."""
    problems: list[BadImage]
    """Links to nothing, and folders that cannot be listed."""


def find(source: Path) -> list[Path]:
    """Return the images at any depth below `source`, sorted."""
    return scan(source).images


def scan(source: Path) -> Found:
    """Return what lies at any depth below `source`: every file once, however many links lead to it.

    Names that begin with a dot are skipped, and so is Thumbs.db. Raises `DataError` where there is
    no such folder.
    """
    if not source.is_dir():
        raise DataError(f"{source} is not a folder.")
    images, skipped, problems = list[Path](), 0, list[BadImage]()
    folders, links, seen = [source], list[Path](), set[Path]()
    while folders or links:
        path = folders.pop() if folders else links.pop(0)  # links last: files keep their own names
        try:
            real = path.resolve(strict=True)
            entries = list(path.iterdir()) if real.is_dir() and real not in seen else [path]
        except (OSError, RuntimeError) as error:
            dead = path.is_symlink() and not path.exists()
            problems.append(BadImage(path, "a link to nothing" if dead else _reason(error)))
            continue
        for entry in sorted(entries):
            place = real if entry is path else real / entry.name
            if entry.name.startswith(".") or entry.name.lower() == "thumbs.db" or place in seen:
                continue
            if entry.is_symlink() and entry is not path:
                links.append(entry)
            elif entry.is_dir():
                folders.append(entry)
            elif entry.suffix.lower() not in SUFFIXES:
                skipped += 1
            elif entry.is_file():
                images.append(entry)
                seen.add(place)
        seen.add(real)
    return Found(sorted(images), skipped, sorted(problems, key=lambda bad: bad.path))


# -- reading ---------------------------------------------------------------------------------------


class Header(NamedTuple):
    """What a file says of itself before a pixel is decoded."""

    format: str
    mode: str
    """Pillow's name for the kind of pixels."""
    size: tuple[int, int]
    """Height and width of the upright picture."""
    orientation: int
    """The EXIF tag, from 1 to 8, that `read` turns the pixels by."""
    frames: int
    deep: bool
    """True: the file holds more than eight bits a channel."""


def probe(data: bytes, path: Path, *, max_pixels: int = MAX_PIXELS) -> Header:
    """Return what `data`, the content of `path`, says of itself; decodes no pixel.

    Raises `BadImage` for what is no image of a known format, or has more pixels than `max_pixels`.
    """
    with _opened(data, path, max_pixels) as image:
        return _header(image, data)


def read(path: Path, *, channels: int = 3, max_pixels: int = MAX_PIXELS) -> Pixels:
    """Return (height, width, channels) upright bytes, or uint16 where the file holds 16 bits.

    Raises `BadImage`, and nothing else, for what cannot be decoded completely.
    """
    data = load(path)
    with _opened(data, path, max_pixels) as image:
        header = _header(image, data)
        pixels = None if _suits_opencv(image, header, data) else _by_pillow(image)
    if pixels is None:
        pixels = _by_opencv(data)
    if pixels is None:  # Pillow reads some that OpenCV will not, and says what is wrong with others
        with _opened(data, path, max_pixels) as image:
            pixels = _by_pillow(image)
    pixels = _upright(pixels, header.orientation)
    if pixels.shape[:2] != header.size:
        raise BadImage(path, f"{pixels.shape[:2]} pixels were decoded, {header.size} announced")
    return _with_channels(pixels, channels)


def load(path: Path) -> bytes:
    """Return the content of `path`; raises `BadImage` where it cannot be had."""
    try:
        if not path.is_file():
            raise BadImage(path, "not a file" if path.exists() else "not there")
        data = path.read_bytes()
    except (OSError, MemoryError) as error:
        raise BadImage(path, _reason(error)) from error
    if not data:
        raise BadImage(path, "an empty file")
    return data


_lock = Lock()  # warning filters and Pillow's limit belong to the whole process
os.register_at_fork(
    before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
)


@contextmanager
def _opened(data: bytes, path: Path, max_pixels: int) -> Iterator[ImageFile]:
    """Open `data` with Pillow; whatever goes wrong becomes a `BadImage`, or is no matter."""
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Pillow.DecompressionBombWarning)
        usual, Pillow.MAX_IMAGE_PIXELS = Pillow.MAX_IMAGE_PIXELS, max_pixels
        try:
            with Pillow.open(BytesIO(data), formats=FORMATS) as image:
                yield image
        except (Pillow.DecompressionBombWarning, Pillow.DecompressionBombError) as error:
            raise BadImage(path, f"more than {max_pixels:,} pixels") from error
        except Exception as error:
            raise BadImage(path, _reason(error)) from error
        finally:
            Pillow.MAX_IMAGE_PIXELS = usual


def _reason(error: Exception) -> str:
    match error:
        case UnidentifiedImageError():
            return f"no image of a known format ({', '.join(FORMATS)})"
        case MemoryError():
            return "not enough memory"
        case OSError(strerror=str(text)):
            return text
    return " ".join(str(error).split()) or type(error).__name__


def _header(image: ImageFile, data: bytes) -> Header:
    deep = ";16" in str(image.tile) or "('RGB', 65535)" in str(image.tile) or image.mode[0] in "IF"
    orientation = _orientation(image, data)
    width, height = image.size
    size = (width, height) if orientation > 4 else (height, width)
    return Header(image.format or "", image.mode, size, orientation, _frames(image), deep)


def _orientation(image: ImageFile, data: bytes) -> int:
    if image.format == "TIFF":
        return 1  # both decoders turn these themselves, and the size is the upright one already
    marks = (b"eXIf", b"Raw profile type exif", b"tiff:Orientation")
    if image.format == "PNG" and not any(mark in data for mark in marks):
        return 1  # without a mark, Pillow would decode all pixels to look behind them
    try:
        tag = image.getexif().get(ORIENTATION, 1)
    except Exception:  # damaged EXIF beside sound pixels
        return 1
    return tag if tag in range(1, 9) else 1


def _frames(image: ImageFile) -> int:
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception:  # a later frame is damaged; the first decides
        return 1


def _suits_opencv(image: ImageFile, header: Header, data: bytes) -> bool:
    """Tell whether OpenCV is the better decoder: of 16-bit colour, and of photographs."""
    if header.frames > 1:
        return False  # OpenCV leaves out the default image of an animated PNG
    if header.deep:  # Pillow would cut colour to eight bits
        return image.mode in ("RGB", "RGBA", "LA") and (image.format != "PNG" or _is_whole(data))
    return image.mode in ("L", "RGB") and header.format in ("JPEG", "MPO", "WEBP")


def _is_whole(png: bytes) -> bool:
    """Tell whether each chunk of `png` is as long as it says: OpenCV would allocate it unseen."""
    end, kind = 8, b""
    while end < len(png) and kind != b"IEND":
        kind = png[end + 4 : end + 8]
        end += 12 + int.from_bytes(png[end : end + 4], "big")
    return end <= len(png)


def _by_opencv(data: bytes) -> Pixels | None:
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except (cv2.error, MemoryError):
        return None
    if pixels is None or pixels.dtype not in WHITE or pixels.shape[2:] not in ((), (3,), (4,)):
        return None
    if pixels.ndim == 2:
        return pixels
    return _over_white(pixels[..., [2, 1, 0, 3][: pixels.shape[2]]])


def _by_pillow(image: ImageFile) -> Pixels:
    image.load()
    if image.mode.startswith("I;16"):
        deep = np.asarray(image).astype(np.uint16)
        return np.where(deep == image.info.get("transparency", -1), np.uint16(65535), deep)
    if image.mode in ("I", "F"):
        return _from_numbers(np.asarray(image))
    if image.has_transparency_data:
        return _over_white(np.asarray(image.convert("RGBA")))
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
        return np.asarray(converted)
    return np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB"))


def _from_numbers(values: Pixels) -> Pixels:
    """Return the pixels of a mode I or F file, whose values have no agreed range."""
    if not np.isfinite(values).all():
        raise ValueError("not all values are finite")
    whole = np.issubdtype(values.dtype, np.integer)
    if whole and values.min() >= 0 and values.max() <= 65535:
        return values.astype(np.uint16)
    shares = np.clip(values / max(1.0, float(values.max())), 0, 1)
    return np.rint(shares * 65535).astype(np.uint16) if whole else _bytes(shares * 255)


def _over_white(pixels: Pixels) -> Pixels:
    if pixels.shape[2] < 4:
        return pixels
    white = WHITE[pixels.dtype]
    colour, alpha = pixels[..., :3].astype(np.uint64), pixels[..., 3:].astype(np.uint64)
    return ((colour * alpha + white * (white - alpha) + white // 2) // white).astype(pixels.dtype)


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    if orientation in (3, 4, 6, 7):
        pixels = pixels[::-1]
    if orientation in (2, 3, 7, 8):
        pixels = pixels[:, ::-1]
    return pixels.swapaxes(0, 1) if orientation > 4 else pixels


def _with_channels(pixels: Pixels, channels: int) -> Pixels:
    pixels = np.ascontiguousarray(pixels)
    if channels == 3 and pixels.ndim == 2:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    elif channels == 1 and pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return pixels.reshape(*pixels.shape[:2], channels)


# -- pictures as numbers ---------------------------------------------------------------------------


def as_tensor(pixels: Pixels) -> Tensor:
    """Return `pixels` as (channels, height, width), a copy of the same type."""
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())


def to_device(images: Tensor, device: torch.device | str) -> Tensor:
    """Return uint8 or uint16 `images` as floats in [-1, 1] on `device`; they travel as they are."""
    half = {torch.uint8: 127.5, torch.uint16: 32767.5}[images.dtype]
    return images.to(device, non_blocking=True).to(torch.float32).div_(half).sub_(1)


def from_device(images: Tensor) -> NDArray[np.uint8]:
    """Return (N, C, H, W) `images` in [-1, 1] as (N, H, W, C) bytes: clamped, rounded, on the CPU.

    What is not finite has no byte: check before.
    """
    levels = images.detach().float().clamp(-1, 1).add(1).mul(127.5).round()
    return levels.to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()


def to_bytes(pixels: Pixels) -> NDArray[np.uint8]:
    """Return `pixels` in eight bits: sixteen-bit ones rounded to the nearest of 256 levels."""
    return pixels if pixels.dtype == np.uint8 else _bytes(pixels / 257)


def _bytes(levels: NDArray[Any]) -> NDArray[np.uint8]:
    return np.rint(levels).astype(np.uint8)


def resize(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Return `pixels` at (height, width): averaged on the way down, cubic on the way up."""
    height, width, channels = pixels.shape
    smaller = min(height, size[0]), min(width, size[1])
    for (rows, columns), how in ((smaller, cv2.INTER_AREA), (size, cv2.INTER_CUBIC)):
        if pixels.shape[:2] != (rows, columns):
            pixels = cv2.resize(pixels, (columns, rows), interpolation=how)
    return pixels.reshape(*size, channels)


# -- writing ---------------------------------------------------------------------------------------

ENCODINGS: dict[str, dict[str, Any]] = {
    suffix: options
    for suffixes, options in (
        (".bmp", {"format": "BMP"}),
        (".jfif .jpe .jpeg .jpg", {"format": "JPEG", "quality": 95, "subsampling": 0}),
        (".pgm .pnm .ppm", {"format": "PPM"}),
        (".png", {"format": "PNG", "compress_level": 1}),
        (".tif .tiff", {"format": "TIFF"}),
        (".webp", {"format": "WEBP", "lossless": True}),
    )
    for suffix in suffixes.split()
}


def can_hold(suffix: str, channels: int = 3) -> bool:
    """Tell whether a file with this suffix can hold such bytes: without loss, JPEG aside."""
    return suffix.lower() in ENCODINGS and not (suffix.lower() == ".pgm" and channels == 3)


def encode(pixels: NDArray[np.uint8], suffix: str) -> bytes:
    """Return the content of a file with this suffix that shows (height, width, channels) bytes."""
    if not can_hold(suffix, pixels.shape[2]):
        raise ValueError(f"{suffix} cannot hold {pixels.shape[2]} channels")
    flat = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    buffer = BytesIO()
    Pillow.fromarray(np.ascontiguousarray(flat)).save(buffer, **ENCODINGS[suffix.lower()])
    return buffer.getvalue()


def write(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write `pixels` as `path`, in the format of its suffix, whole or not at all."""
    files.replace(path, encode(pixels, path.suffix))


def grid(rows: Sequence[Tensor], *, gap: int = 2) -> NDArray[np.uint8]:
    """Return a contact sheet, RGB on white: a row for each (N, C, H, W) tensor in [-1, 1]."""
    cells = [list(from_device(row)) for row in rows]
    height, width = (max(c.shape[side] for row in cells for c in row) + gap for side in (0, 1))
    columns = max(len(row) for row in cells)
    sheet = np.full((height * len(rows) - gap, width * columns - gap, 3), 255, np.uint8)
    for y, row in enumerate(cells):
        for x, cell in enumerate(row):
            place = sheet[y * height :, x * width :]
            place[: cell.shape[0], : cell.shape[1]] = cell  # gray broadcasts to three channels
    return sheet
