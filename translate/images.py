"""The one reader and the one writer of pictures, and the one value range.

A picture is bytes, or sixteen-bit numbers, until `to_device` makes it floats in [-1, 1], and again
after `from_device`. It is always upright, RGB or gray, and whole: what cannot be read completely is
a `BadImage`.

===========================  =======================================================================
what a file holds            what it becomes
===========================  =======================================================================
gray, RGB                    the same, in the file's 8 or 16 bits; 10, 12 and 14 bits become 16
1, P, CMYK, YCbCr, LAB, HSV  8 bits by Pillow's conversion, LAB through sRGB
alpha, a transparent colour  composited over white, so that no hidden colour shows
float32, float64             16 bits: 0 is black and 1 is white, in every file
other numbers                refused: signed ones and those of 32 bits have no agreed range
extra bands of a TIFF        skipped; which TIFFs are read is in `translate.engine.tiff`
several frames               one of them, colour in 8 bits; `Header.frames` tells how many there are
===========================  =======================================================================

`Header.notes` says what a file loses by this.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps
from torch import Tensor

from translate.engine import decoders, files, masks, metadata, pillow
from translate.engine.decoded import Decoded, guarded
from translate.engine.headers import Header
from translate.errors import BadImage

Pixels: TypeAlias = NDArray[Any]
"""(height, width, channels), uint8 or uint16."""

SUFFIXES = frozenset(
    {".avif", ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".mpo", ".pbm", ".pgm", ".png"}
    | {".pnm", ".ppm", ".tif", ".tiff", ".webp"}
)
MAX_PIXELS = 178_956_970


# -- reading ---------------------------------------------------------------------------------------


def probe(data: bytes, path: Path, *, max_pixels: int = MAX_PIXELS, frame: int = 0) -> Header:
    """Return what `data`, the content of `path`, says of one of its frames.

    No pixel of the first is decoded. Raises `BadImage` for what is no image of a known format, has
    more pixels than `max_pixels`, or would be read wrongly.
    """
    return decoders.header(data, path, max_pixels, frame)


def read(path: Path, *, channels: int = 3, max_pixels: int = MAX_PIXELS, frame: int = 0) -> Pixels:
    """Return (height, width, channels) upright bytes, or uint16 where the file holds 16 bits.

    Raises `BadImage`, and nothing else, for what cannot be decoded completely.
    """
    return decode(load(path), path, channels=channels, max_pixels=max_pixels, frame=frame)


def decode(
    data: bytes,
    path: Path,
    *,
    channels: int = 3,
    max_pixels: int = MAX_PIXELS,
    frame: int = 0,
) -> Pixels:
    """Return what `read` has of a file that holds `data`; `path` is its name in a `BadImage`."""
    _, decoded = decoders.decode(data, path, max_pixels, frame)
    with guarded(path):
        return from_decoded(decoded, channels=channels)


def from_decoded(decoded: Decoded, *, channels: int = 3) -> Pixels:
    """Return what `read` has of a file that was `decoded`: opaque, in colour or gray."""
    return _with_channels(decoded.over_white(), channels)


def read_hole(path: Path, mask: Path | None = None, *, max_pixels: int = MAX_PIXELS) -> Pixels:
    """Return (height, width, 1) bytes: 255 where the image at `path` has a hole, else 0.

    The hole is what `mask` says, as `translate.engine.masks` describes; without one, what is wholly
    transparent. Raises `BadImage` for what cannot be decoded, and for an image without a hole.
    """
    if mask is None:
        return masks.transparent(decoders.decode(load(path), path, max_pixels)[1], path)
    return masks.read(masks.load(mask, path, load), mask, path, max_pixels)


def beside(
    data: bytes, path: Path, *, channels: int, private: bool, max_pixels: int = MAX_PIXELS
) -> dict[str, bytes]:
    """Return what `encode` may save beside an image of so many channels, of `data` from `path`.

    A colour profile says what the numbers mean, and stays true of a translation; what a camera
    wrote, the place among it, is `private`, and left out unless wanted.
    """
    return metadata.of(data, path, channels, max_pixels, private=private)


def load(path: Path) -> bytes:
    """Return the content of `path`; raises `BadImage` where it cannot be had."""
    with guarded(path):
        if not path.is_file():
            raise BadImage(path, "not a file" if path.exists() else "not there")
        data = path.read_bytes()
        if not data:
            raise BadImage(path, "an empty file")
        return data


def from_picture(picture: Pillow.Image, *, channels: int = 3) -> Pixels:
    """Return what `read` would have of a file that holds `picture`."""
    return from_decoded(pillow.decode(ImageOps.exif_transpose(picture)), channels=channels)


def from_array(array: NDArray[Any], *, channels: int = 3) -> Pixels:
    """Return a (height, width[, 1, 3 or 4]) array of uint8 or uint16 as `read` has images."""
    flat = array[..., 0] if array.shape[2:] == (1,) else array
    if flat.shape[2:] == (4,):
        return from_decoded(Decoded(flat[..., :3], flat[..., 3]), channels=channels)
    return _with_channels(flat, channels)


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
    """Return `images` as floats in [-1, 1] on `device`; they travel as they are.

    They are uint8 or uint16, or float32 in [0, 1].
    """
    half = {torch.uint8: 127.5, torch.uint16: 32767.5, torch.float32: 0.5}[images.dtype]
    return images.to(device, non_blocking=True).to(torch.float32).div_(half).sub_(1)


def from_device(images: Tensor) -> NDArray[np.uint8]:
    """Return (N, C, H, W) `images` in [-1, 1] as (N, H, W, C) bytes: clamped, rounded, on the CPU.

    What is not finite has no byte: check before.
    """
    levels = images.detach().float().clamp(-1, 1).add(1).mul(127.5).round()
    return levels.to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()


def from_device_as_floats(images: Tensor) -> NDArray[np.float32]:
    """Return (N, C, H, W) `images` in [-1, 1] as (N, H, W, C) in [0, 1]: clamped, on the CPU."""
    shares = images.detach().float().clamp(-1, 1).add(1).mul(0.5)
    return shares.permute(0, 2, 3, 1).contiguous().cpu().numpy()


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


def grown(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Return `pixels` at (height, width) at least: edges repeat on the right and at the bottom."""
    height, width = pixels.shape[:2]
    missing = max(0, size[0] - height), max(0, size[1] - width)
    if not any(missing):
        return pixels
    padded = cv2.copyMakeBorder(pixels, 0, missing[0], 0, missing[1], cv2.BORDER_REPLICATE)
    return padded.reshape(*padded.shape[:2], pixels.shape[2])


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


def encode(
    pixels: NDArray[np.uint8], suffix: str, beside: Mapping[str, bytes] | None = None
) -> bytes:
    """Return the content of a file with this suffix that shows (height, width, channels) bytes.

    A format that cannot hold what is `beside` leaves it out.
    """
    if not can_hold(suffix, pixels.shape[2]):
        raise ValueError(f"{suffix} cannot hold {pixels.shape[2]} channels")
    flat = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    buffer, options = BytesIO(), {**ENCODINGS[suffix.lower()], **(beside or {})}
    Pillow.fromarray(np.ascontiguousarray(flat)).save(buffer, **options)
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
