"""Inputs of `translate.api.Translator`, and outputs with the type of their input.

==============================================  ====================================================
input                                           output
==============================================  ====================================================
a path, the bytes of a file, an open file       a PIL image with the colour profile of the file
a PIL image                                     a PIL image, with the profile in its ``info``
an array (H, W) or (H, W, C), uint8 or uint16   an array of the same type
an array of floats in [0, 1]                    an array of the same type in [0, 1]
a tensor (C, H, W) or (N, C, H, W) with one     a tensor of the same type, on the same device
of these dtypes
an array or tensor in the dtype of the source   an array or tensor in the dtype of the target
domain, if it is another                        domain
==============================================  ====================================================

Arrays and tensors have the channels of the source domain. Photographs have 1, 3 or 4 channels, the
fourth of which is alpha. Outputs have the alpha channel of the input. Images are rotated upright by
their EXIF orientation, as in `translate infer`. An open file is read from its beginning.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOBase
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from translate.batches import MAX_CHANNELS, UNNAMED, Domain
from translate.engine.pixels.decoded_input import DecodedInput
from translate.errors import BadImage, DataError
from translate.images.domains import levels
from translate.images.layers import (
    WHITE,
    Layers,
    Pixels,
    errors_as_bad_image,
    layers_from_pillow,
    split_alpha,
)
from translate.images.source import EncodedImage
from translate.images.tensors import ImageInput

TOLERANCE = 1e-4
"""rounding error that lets floats be outside [0, 1]"""


def load(value: ImageInput, domain: Domain = UNNAMED) -> DecodedInput:
    """Decode an input of the model; an array has the channels of `domain`.

    Raises `BadImage` for a file that cannot be decoded, and `DataError` for other inputs.
    """
    if isinstance(value, Image.Image):
        return _from_pillow(value)
    if isinstance(value, np.ndarray):
        return DecodedInput(_from_array(value, domain), Path("the array"))
    if isinstance(value, Tensor):
        array = _channels_last(value, domain)
        return DecodedInput(_from_array(array, domain), Path("the tensor"))
    image = encode_input(value)
    return DecodedInput(image.decode_layers(), image.path, image)


def convert_back(value: ImageInput, source: DecodedInput, result: Pixels) -> Any:
    """Return the `result`, (H, W, C), with the type of the input `value`; raises `DataError`."""
    channels = result.shape[2]
    if isinstance(value, Tensor):
        tensor = torch.from_numpy(np.ascontiguousarray(result.transpose(2, 0, 1)))
        is_float = value.is_floating_point() and tensor.is_floating_point()
        return tensor.to(value.device, value.dtype if is_float else None)
    if isinstance(value, np.ndarray):
        array = result[..., 0] if value.ndim == 2 and channels == 1 else result
        is_float = value.dtype.kind == array.dtype.kind == "f"
        return array.astype(value.dtype) if is_float else array
    image = to_pillow(result)
    if profile := source.profile_for(channels - (channels in (2, 4))):
        image.info["icc_profile"] = profile
    return image


def to_pillow(result: Pixels) -> Image.Image:
    """Return a result, (H, W, C), as a PIL image; raises `DataError` if PIL has no such type."""
    channels = result.shape[2]
    if result.dtype != np.uint8 or channels > 4:
        raise DataError(
            f"the output has {channels} channels of {result.dtype}, which a PIL image cannot store:"
            " pass an array instead of a PIL image or file, or write files with Translator.folder."
        )
    return Image.fromarray(result[..., 0] if channels == 1 else result)


def is_pillow_result(value: ImageInput) -> bool:
    """Return whether the output for the input `value` is a PIL image."""
    return not isinstance(value, (Tensor, np.ndarray))


def encode_input(value: Any) -> EncodedImage:
    """Return the content and the name of a file."""
    if isinstance(value, (str, PathLike)):
        return EncodedImage.open(Path(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _require_content(bytes(value), Path("the bytes"))
    if not callable(getattr(value, "read", None)):
        raise DataError(
            f"got {type(value).__name__}: expected a path, bytes, an open file, a PIL image, an "
            "array, a tensor, or a list of them."
        )
    name = getattr(value, "name", "")
    path = Path(name) if isinstance(name, str) and name else Path("the file")
    if isinstance(value, TextIOBase):
        raise DataError(f"{path} is open as text: expected bytes. Open it with mode 'rb'.")
    with errors_as_bad_image(path):
        if callable(getattr(value, "seekable", None)) and value.seekable():
            value.seek(0)  # after writing, the position is at the end
        data = value.read()
    if not isinstance(data, bytes):
        raise DataError(
            f"{path} returned {type(data).__name__}: expected bytes. Open it with 'rb'."
        )
    return _require_content(data, path)


def _require_content(data: bytes, path: Path) -> EncodedImage:
    if not data:
        raise BadImage(path, "is empty")
    return EncodedImage(str(path), data)


def _from_pillow(value: Image.Image) -> DecodedInput:
    path = Path(getattr(value, "filename", "") or "the PIL image")
    with input_errors(path):
        if not value.width or not value.height:
            raise ValueError(f"is empty: {value.width}x{value.height} pixels")
        upright = ImageOps.exif_transpose(value)
        profile = value.info.get("icc_profile") or b""
        return DecodedInput(layers_from_pillow(upright), path, profile=profile)


def _channels_last(value: Tensor, domain: Domain) -> NDArray[Any]:
    if value.ndim != 3 or value.shape[0] not in _channel_counts(domain) or not value.numel():
        raise DataError(
            f"got a tensor of {tuple(value.shape)}: expected (channels, height, width), or "
            f"(N, channels, height, width), with {_channels_text(domain)} channels."
        )
    if value.is_meta or value.is_quantized or value.layout != torch.strided:
        raise DataError(
            f"got a tensor of {value.dtype} on {value.device}, {value.layout}: expected a dense "
            f"tensor of {_expected_values(domain)}."
        )
    values = value.detach().cpu()
    values = values.float() if values.is_floating_point() else values
    array = values.permute(1, 2, 0).numpy()
    return array[..., 0] if array.shape[2] == 1 else array


def _from_array(value: NDArray[Any], domain: Domain) -> Layers:
    array = value[..., 0] if value.shape[2:] == (1,) else value
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    has_known_dtype, counts = (
        array.dtype in WHITE or array.dtype.kind == "f",
        _channel_counts(domain),
    )
    count = array.shape[2] if array.ndim == 3 else 1
    if not has_known_dtype or array.ndim not in (2, 3) or not array.size or count not in counts:
        channels_first = value.ndim == 3 and value.shape[0] in counts
        fix = (
            " Move channels last: array.transpose(1, 2, 0)."
            if channels_first and has_known_dtype
            else ""
        )
        raise DataError(
            f"got {value.shape} of {value.dtype}: expected (height, width) or (height, width, "
            f"{_channels_text(domain)}) of {_expected_values(domain)}.{fix}"
        )
    if array.dtype.kind == "f":
        is_photograph = levels.is_photographic(domain) and not domain.labels
        array = _finite_floats(array, in_unit_interval=is_photograph)
    return split_alpha(array, alpha=count == 4 and domain.channels in (1, 3))


def _channel_counts(domain: Domain) -> set[int]:
    """Return the numbers of channels that an array in `domain` may have."""
    if domain.bands:
        return set(range(max(domain.bands), MAX_CHANNELS + 1))
    if domain.channels in (1, 3):
        return {1, 3, 4}
    return {domain.channels, domain.channels - 1} if domain.alpha else {domain.channels}


def _channels_text(domain: Domain) -> str:
    """Return the possible numbers of channels as text."""
    *others, last = sorted(_channel_counts(domain))
    if len(others) > 4:
        return f"{others[0]} to {last}"
    return f"{', '.join(map(str, others))} or {last}" if others else str(last)


def _expected_values(domain: Domain) -> str:
    """Return the dtype and range of arrays of `domain` as text."""
    if levels.is_photographic(domain):
        return "uint8 or uint16, or of floats in [0, 1]"
    return f"{domain.dtype} from {domain.range[0]:g} to {domain.range[1]:g}"


def _finite_floats(array: NDArray[Any], *, in_unit_interval: bool) -> NDArray[np.float32]:
    """Return floats as float32; raises `DataError` if a value is not finite, or not in [0, 1]."""
    if not np.isfinite(array).all():
        expected = ": expected floats in [0, 1]" * in_unit_interval
        raise DataError(f"not all values are finite{expected}.")
    if not in_unit_interval:
        return array.astype(np.float32)
    lowest, highest = float(array.min()), float(array.max())
    if lowest < -TOLERANCE or highest > 1 + TOLERANCE:
        raise DataError(
            f"got floats from {lowest:g} to {highest:g}: expected [0, 1]. Divide 8-bit values by "
            "255; pass (x + 1) / 2 for values in [-1, 1]."
        )
    return np.clip(array, 0, 1).astype(np.float32)


@contextmanager
def input_errors(path: Path, advice: str = "", *, is_file: bool = False) -> Iterator[None]:
    """Raise `BadImage` for errors in a file, and `DataError` for errors in another input."""
    try:
        with errors_as_bad_image(path):
            yield
    except BadImage as bad:
        if is_file:
            raise
        colon = "" if bad.reason.startswith(("has ", "is ")) else ":"
        end = f": {advice}." if advice else "."
        raise DataError(f"{path}{colon} {bad.reason}{end}") from bad
