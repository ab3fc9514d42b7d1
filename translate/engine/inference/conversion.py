"""Inputs of `translate.api.Translator`, and results in the type of the input.

==============================================  ====================================================
input                                           result
==============================================  ====================================================
a path, the bytes of a file, an open file       a PIL image with the colour profile of the file
a PIL image                                     the same, with the profile in its ``info``
an array (H, W) or (H, W, C), uint8 or uint16   an array of uint8
an array of floats in [0, 1]                    an array of the same type in [0, 1]
a tensor (C, H, W) or (N, C, H, W): uint8, or   a tensor of the same type, on the same device
floats in [0, 1]
==============================================  ====================================================

Arrays and tensors have 1, 3 or 4 channels; the fourth is alpha. Images are made upright and opaque,
as by `translate infer`. An open file is read from its beginning, as by PIL.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOBase
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from translate.engine.inference.decoded import DecodedInput
from translate.errors import BadImage, DataError
from translate.images.layers import WHITE, Layers, Pixels, guarded, layers_from_pillow
from translate.images.source import EncodedImage

FileLike: TypeAlias = str | PathLike[str] | bytes | bytearray | memoryview | BinaryIO
ImageInput: TypeAlias = FileLike | Image.Image | NDArray[Any] | Tensor
TOLERANCE = 1e-4
"""by which floats may exceed [0, 1], through rounding"""


def load(value: ImageInput) -> DecodedInput:
    """Decode an input; raises `BadImage` for a file, `DataError` for anything else."""
    if isinstance(value, Image.Image):
        return _from_pillow(value)
    if isinstance(value, np.ndarray):
        return DecodedInput(_from_array(value), Path("the array"))
    if isinstance(value, Tensor):
        return DecodedInput(_from_array(_channels_last(value)), Path("the tensor"))
    image = encode_input(value)
    return DecodedInput(image.decode_layers(), image.path, image)


def convert_back(value: ImageInput, source: DecodedInput, result: Pixels) -> Any:
    """Return the `result`, (H, W, C) bytes or floats in [0, 1], in the type of `value`."""
    channels = result.shape[2]
    if isinstance(value, Tensor):
        tensor = torch.from_numpy(np.ascontiguousarray(result.transpose(2, 0, 1)))
        return tensor.to(value.device, value.dtype)
    if isinstance(value, np.ndarray):
        array = result[..., 0] if value.ndim == 2 and channels == 1 else result
        return array.astype(value.dtype) if value.dtype.kind == "f" else array
    image = Image.fromarray(result[..., 0] if channels == 1 else result)
    if profile := source.profile_for(channels):
        image.info["icc_profile"] = profile
    return image


def is_float(value: ImageInput) -> bool:
    """Return whether `value` consists of floats, and so its result."""
    if isinstance(value, Tensor):
        return value.is_floating_point()
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def encode_input(value: Any) -> EncodedImage:
    """Return the content and the name of a file."""
    if isinstance(value, (str, PathLike)):
        return EncodedImage.open(Path(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _not_empty(bytes(value), Path("the bytes"))
    if not callable(getattr(value, "read", None)):
        raise DataError(
            f"got {type(value).__name__}: expected a path, bytes, an open file, a PIL image, an "
            "array, a tensor, or a list of them."
        )
    name = getattr(value, "name", "")
    path = Path(name) if isinstance(name, str) and name else Path("the file")
    if isinstance(value, TextIOBase):
        raise DataError(f"{path} is open as text: expected bytes. Open it with mode 'rb'.")
    with guarded(path):
        if callable(getattr(value, "seekable", None)) and value.seekable():
            value.seek(0)  # as PIL.Image.open does: after writing, the position is at the end
        data = value.read()
    if not isinstance(data, bytes):
        raise DataError(
            f"{path} returned {type(data).__name__}: expected bytes. Open it with 'rb'."
        )
    return _not_empty(data, path)


def _not_empty(data: bytes, path: Path) -> EncodedImage:
    if not data:
        raise BadImage(path, "is empty")
    return EncodedImage(str(path), data)


def _from_pillow(value: Image.Image) -> DecodedInput:
    path = Path(getattr(value, "filename", "") or "the PIL image")
    with named_errors(path):
        if not value.width or not value.height:
            raise ValueError(f"is empty: {value.width}x{value.height} pixels")
        upright = ImageOps.exif_transpose(value)
        profile = value.info.get("icc_profile") or b""
        return DecodedInput(layers_from_pillow(upright), path, profile=profile)


def _channels_last(value: Tensor) -> NDArray[Any]:
    if value.ndim != 3 or value.shape[0] not in (1, 3, 4) or not value.numel():
        raise DataError(
            f"got a tensor of {tuple(value.shape)}: expected (channels, height, width), or "
            "(N, channels, height, width), with 1, 3 or 4 channels."
        )
    if value.is_meta or value.is_quantized or value.layout != torch.strided:
        raise DataError(
            f"got a tensor without numbers of its own ({value.dtype}, {value.device}, "
            f"{value.layout}): expected a dense one of uint8, uint16, or floats in [0, 1]."
        )
    values = value.detach().cpu()
    values = values.float() if values.is_floating_point() else values
    array = values.permute(1, 2, 0).numpy()
    return array[..., 0] if array.shape[2] == 1 else array


def _from_array(value: NDArray[Any]) -> Layers:
    array = value[..., 0] if value.shape[2:] == (1,) else value
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    known = array.dtype in WHITE or array.dtype.kind == "f"
    if not known or array.ndim not in (2, 3) or not array.size or array.shape[2:] not in SHAPES:
        first = value.ndim == 3 and value.shape[0] in (1, 3, 4)
        fix = " Channels come last: transpose(1, 2, 0)." if first and known else ""
        raise DataError(
            f"got {value.shape} of {value.dtype}: expected (height, width) or (height, width, 1, 3 "
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
    """Turn an exception into a `BadImage` for a file, and a `DataError` for any other input."""
    try:
        with guarded(path):
            yield
    except BadImage as bad:
        if is_file:
            raise
        colon = "" if bad.reason.startswith(("has ", "is ")) else ":"
        end = f": {advice}." if advice else "."
        raise DataError(f"{path}{colon} {bad.reason}{end}") from bad
