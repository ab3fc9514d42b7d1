"""What `translate.api.Translator` takes, and results in the form of what was taken.

==============================================  ====================================================
given                                           returned
==============================================  ====================================================
a path, the bytes of a file, an open file       a PIL image with the colour profile of the file
a PIL image                                     the same, with the profile in its ``info``
an array (H, W) or (H, W, C), uint8 or uint16   an array of uint8
an array of floats in [0, 1]                    an array of the same type in [0, 1]
a tensor (C, H, W) or (N, C, H, W): uint8, or   a tensor of the same type, on the same device
floats in [0, 1]
==============================================  ====================================================

Arrays and tensors have 1, 3 or 4 channels; the fourth is transparency. All images are upright and
opaque when they meet a network, as `translate infer` reads them. An open file is read from its
beginning, as PIL reads it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOBase
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from translate.batches import Domain
from translate.errors import BadImage, DataError
from translate.formats import Note, suits
from translate.images import domain_images, label_maps
from translate.images.layers import WHITE, Layers, Pixels, guarded, layers_from_pillow
from translate.images.source import EncodedImage

FileLike: TypeAlias = str | PathLike[str] | bytes | bytearray | memoryview | BinaryIO
ImageInput: TypeAlias = FileLike | Image.Image | NDArray[Any] | Tensor
TOLERANCE = 1e-4
"""by which floats may leave [0, 1], through rounding"""


class DecodedInput(NamedTuple):
    """One image, decoded and upright."""

    layers: Layers
    """its pixels: uint8, uint16, or float32 in [0, 1]"""
    path: Path
    """what a `BadImage` calls it"""
    image: EncodedImage | None = None
    """the file, where it is one"""
    profile: bytes = b""
    """the colour profile of a PIL image"""

    @property
    def is_gray(self) -> bool:
        """Whether it has one channel."""
        return self.layers.pixels.ndim == 2

    def pixels(self, kind: Domain) -> Pixels:
        """Return (height, width, channels), opaque; raises `BadImage`."""
        with guarded(self.path):
            if kind.labels:
                return label_maps.labels_from_layers(self.layers, self.path, kind.channels)
            return self.layers.flatten(kind.channels)

    def notes(self, kind: Domain, *, hole: bool) -> tuple[Note, ...]:
        """Return what the file loses when it is read."""
        if not self.image:
            return ()
        return domain_images.losses(
            self.image.header.notes(channels=kind.channels, hole=hole), kind
        )

    def kept_profile(self, channels: int) -> bytes:
        """Return the colour profile, if it suits an image of so many channels."""
        if self.image:
            extra = self.image.header.for_output(channels, keep_private=False).extra
            return bytes(extra.get("icc_profile", b""))
        return self.profile if suits(self.profile, channels) else b""


def load(given: ImageInput) -> DecodedInput:
    """Decode what a user gives; raises `BadImage` for a file, `DataError` for anything else."""
    if isinstance(given, Image.Image):
        return _from_pillow(given)
    if isinstance(given, np.ndarray):
        return DecodedInput(_from_array(given), Path("the array"))
    if isinstance(given, Tensor):
        return DecodedInput(_from_array(_channels_last(given)), Path("the tensor"))
    image = encode_input(given)
    return DecodedInput(image.decode_layers(), image.path, image)


def convert_back(given: ImageInput, source: DecodedInput, result: Pixels) -> Any:
    """Return the `result`, (H, W, C) bytes or floats in [0, 1], in the form of `given`."""
    channels = result.shape[2]
    if isinstance(given, Tensor):
        back = torch.from_numpy(np.ascontiguousarray(result.transpose(2, 0, 1)))
        return back.to(given.device, given.dtype)
    if isinstance(given, np.ndarray):
        flat = result[..., 0] if given.ndim == 2 and channels == 1 else result
        return flat.astype(given.dtype) if given.dtype.kind == "f" else flat
    made = Image.fromarray(result[..., 0] if channels == 1 else result)
    if profile := source.kept_profile(channels):
        made.info["icc_profile"] = profile
    return made


def is_float(given: ImageInput) -> bool:
    """Return whether `given` is of floats, and its result is."""
    if isinstance(given, Tensor):
        return given.is_floating_point()
    return isinstance(given, np.ndarray) and given.dtype.kind == "f"


def encode_input(given: Any) -> EncodedImage:
    """Return the content of a file, and its name."""
    if isinstance(given, (str, PathLike)):
        return EncodedImage.open(Path(given))
    if isinstance(given, (bytes, bytearray, memoryview)):
        return _not_empty(bytes(given), Path("the bytes"))
    if not callable(getattr(given, "read", None)):
        raise DataError(
            f"got {type(given).__name__}: expected a path, bytes, an open file, a PIL image, an "
            "array, a tensor, or a list of them."
        )
    name = getattr(given, "name", "")
    path = Path(name) if isinstance(name, str) and name else Path("the file")
    if isinstance(given, TextIOBase):
        raise DataError(f"{path} is open as text: expected bytes. Open it with mode 'rb'.")
    with guarded(path):
        if callable(getattr(given, "seekable", None)) and given.seekable():
            given.seek(0)  # as PIL.Image.open does: after writing, the position is at the end
        data = given.read()
    if not isinstance(data, bytes):
        raise DataError(f"{path} gave {type(data).__name__}: expected bytes. Open it with 'rb'.")
    return _not_empty(data, path)


def _not_empty(data: bytes, path: Path) -> EncodedImage:
    if not data:
        raise BadImage(path, "is empty")
    return EncodedImage(str(path), data)


def _from_pillow(given: Image.Image) -> DecodedInput:
    path = Path(getattr(given, "filename", "") or "the PIL image")
    with named_errors(path):
        if not given.width or not given.height:
            raise ValueError(f"is empty: {given.width}x{given.height} pixels")
        upright = ImageOps.exif_transpose(given)
        profile = given.info.get("icc_profile") or b""
        return DecodedInput(layers_from_pillow(upright), path, profile=profile)


def _channels_last(given: Tensor) -> NDArray[Any]:
    if given.ndim != 3 or given.shape[0] not in (1, 3, 4) or not given.numel():
        raise DataError(
            f"got a tensor of {tuple(given.shape)}: expected (channels, height, width), or "
            "(N, channels, height, width), with 1, 3 or 4 channels."
        )
    if given.is_meta or given.is_quantized or given.layout != torch.strided:
        raise DataError(
            f"got a tensor without numbers of its own ({given.dtype}, {given.device}, "
            f"{given.layout}): expected a dense one of uint8, uint16, or floats in [0, 1]."
        )
    values = given.detach().cpu()
    values = values.float() if values.is_floating_point() else values
    array = values.permute(1, 2, 0).numpy()
    return array[..., 0] if array.shape[2] == 1 else array


def _from_array(given: NDArray[Any]) -> Layers:
    array = given[..., 0] if given.shape[2:] == (1,) else given
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    known = array.dtype in WHITE or array.dtype.kind == "f"
    if not known or array.ndim not in (2, 3) or not array.size or array.shape[2:] not in SHAPES:
        first = given.ndim == 3 and given.shape[0] in (1, 3, 4)
        fix = " Channels come last: transpose(1, 2, 0)." if first and known else ""
        raise DataError(
            f"got {given.shape} of {given.dtype}: expected (height, width) or (height, width, 1, 3 "
            f"or 4) of uint8 or uint16, or of floats in [0, 1].{fix}"
        )
    if array.dtype.kind == "f":
        array = _unit_floats(array)
    if array.ndim == 2 or array.shape[2] == 3:
        return Layers(array)
    return Layers(array[..., :3], array[..., 3])


SHAPES = ((), (3,), (4,))


def _unit_floats(array: NDArray[Any]) -> NDArray[np.float32]:
    """Return floats as float32 in [0, 1]."""
    if not np.isfinite(array).all():
        raise DataError("not all values are finite: expected floats in [0, 1].")
    least, most = float(array.min()), float(array.max())
    if least < -TOLERANCE or most > 1 + TOLERANCE:
        raise DataError(
            f"got floats from {least:g} to {most:g}: expected [0, 1]. Divide 8 bits by 255; of "
            "[-1, 1] give (x + 1) / 2."
        )
    return np.clip(array, 0, 1).astype(np.float32)


@contextmanager
def named_errors(path: Path, advice: str = "", *, is_file: bool = False) -> Iterator[None]:
    """Turn what goes wrong with a file into a `BadImage`, and with anything else a `DataError`."""
    try:
        with guarded(path):
            yield
    except BadImage as bad:
        if is_file:
            raise
        colon = "" if bad.reason.startswith(("has ", "is ")) else ":"
        end = f": {advice}." if advice else "."
        raise DataError(f"{path}{colon} {bad.reason}{end}") from bad
