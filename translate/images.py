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
several frames               one of them, colour in 8 bits; `Header.frames` tells how many there are
===========================  =======================================================================
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps
from PIL.ImageFile import ImageFile
from torch import Tensor

from translate.engine import decoders, files
from translate.errors import BadImage

Pixels: TypeAlias = NDArray[Any]
"""(height, width, channels), uint8 or uint16."""

SUFFIXES = frozenset(
    {".avif", ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".mpo", ".pbm", ".pgm", ".png"}
    | {".pnm", ".ppm", ".tif", ".tiff", ".webp"}
)
MAX_PIXELS = 178_956_970
CONVERSION = "other modes become RGB, 16 bits 8, and white shows through what is transparent"
"""the table above, in a line"""


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

    @property
    def moving(self) -> bool:
        """Whether there are more frames, or pages, that a person would want to see."""
        return self.frames > 1 and self.format not in ("JPEG", "MPO")  # those are a phone's extras

    @property
    def plain(self) -> bool:
        """Whether the pixels are what `read` makes of them."""
        return self.mode in ("L", "RGB") and not self.deep


def probe(data: bytes, path: Path, *, max_pixels: int = MAX_PIXELS, frame: int = 0) -> Header:
    """Return what `data`, the content of `path`, says of one of its frames.

    No pixel of the first is decoded. Raises `BadImage` for what is no image of a known format, or
    has more pixels than `max_pixels`.
    """
    with decoders.opened(data, path, max_pixels, frame) as image:
        return _header(image, data)


def read(path: Path, *, channels: int = 3, max_pixels: int = MAX_PIXELS, frame: int = 0) -> Pixels:
    """Return (height, width, channels) upright bytes, or uint16 where the file holds 16 bits.

    Raises `BadImage`, and nothing else, for what cannot be decoded completely.
    """
    data = load(path)
    with decoders.opened(data, path, max_pixels, frame) as image:
        header = _header(image, data)
    suits = _suits_opencv(header)
    pixels = decoders.by_opencv(data) if suits else None
    if pixels is None:  # Pillow reads some that OpenCV will not, and says what is wrong with others
        with decoders.opened(data, path, max_pixels, frame) as image:
            pixels = decoders.by_pillow(image)
        if suits and header.deep:
            raise BadImage(path, "its 16-bit colours cannot be decoded")
    pixels = _upright(pixels, header.orientation)
    if pixels.shape[:2] != header.size:
        raise BadImage(path, f"{pixels.shape[:2]} pixels were decoded, {header.size} announced")
    return _with_channels(pixels, channels)


def read_hole(path: Path, mask: Path | None = None, *, max_pixels: int = MAX_PIXELS) -> Pixels:
    """Return (height, width, 1) bytes: 255 where the picture at `path` has a hole, else 0.

    A hole is what is white in `mask`, from the middle gray on; without one, what is wholly
    transparent. Raises `BadImage` for what cannot be decoded, and for a picture without a hole.
    """
    if mask:
        shades = to_bytes(read(mask, channels=1, max_pixels=max_pixels))
        return np.where(shades > 127, np.uint8(255), np.uint8(0))
    data = load(path)
    with decoders.opened(data, path, max_pixels) as image:
        header = _header(image, data)
        alpha = np.asarray(image.convert("RGBA").getchannel("A"))
    if not (alpha == 0).any():
        raise BadImage(path, "has no hole: nothing is transparent, and there is no mask for it")
    return np.where(_upright(alpha, header.orientation) == 0, np.uint8(255), np.uint8(0))[..., None]


def beside(
    data: bytes, path: Path, *, channels: int, private: bool, max_pixels: int = MAX_PIXELS
) -> dict[str, bytes]:
    """Return what `encode` may save beside a picture of so many channels, of `data` from `path`.

    A colour profile says what the numbers mean, and stays true of a translation; what a camera
    wrote, the place among it, is `private`, and left out unless wanted.
    """
    with decoders.opened(data, path, max_pixels) as image:
        return decoders.beside(image, data, channels, private=private)


def load(path: Path) -> bytes:
    """Return the content of `path`; raises `BadImage` where it cannot be had."""
    try:
        if not path.is_file():
            raise BadImage(path, "not a file" if path.exists() else "not there")
        data = path.read_bytes()
    except (OSError, MemoryError) as error:
        raise BadImage(path, decoders.reason(error)) from error
    if not data:
        raise BadImage(path, "an empty file")
    return data


def _header(image: ImageFile, data: bytes) -> Header:
    orientation = decoders.orientation(image, data)
    width, height = image.size
    return Header(
        format=image.format or "",
        mode=image.mode,
        size=(width, height) if orientation > 4 else (height, width),
        orientation=orientation,
        frames=decoders.frames(image),
        deep=decoders.is_deep(image),
    )


def from_picture(picture: Pillow.Image, *, channels: int = 3) -> Pixels:
    """Return what `read` would have of a file that holds `picture`."""
    return _with_channels(decoders.by_pillow(ImageOps.exif_transpose(picture)), channels)


def from_array(array: NDArray[Any], *, channels: int = 3) -> Pixels:
    """Return a (height, width[, 1, 3 or 4]) array of uint8 or uint16 as `read` has pictures."""
    flat = array[..., 0] if array.shape[2:] == (1,) else array
    return _with_channels(decoders.over_white(flat) if flat.ndim == 3 else flat, channels)


def _suits_opencv(header: Header) -> bool:
    """Tell whether OpenCV is the better decoder: of 16-bit colour, and of photographs."""
    if header.frames > 1:
        return False  # OpenCV leaves out the default image of an animated PNG
    if header.deep:
        return header.mode in ("RGB", "RGBA", "LA")  # Pillow would cut these to eight bits
    return header.mode in ("L", "RGB") and header.format in ("JPEG", "MPO", "WEBP")


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
