"""Inpainting masks of `translate.api.Translator`, each a file, array, tensor or PIL image."""

from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from translate.engine.pixels.conversion import encode_input, input_errors
from translate.engine.pixels.decoded_input import DecodedInput
from translate.errors import ConfigError, DataError
from translate.images import masks
from translate.images.layers import Pixels
from translate.images.tensors import ImageInput


def find_hole(source: DecodedInput, mask: ImageInput | None) -> Pixels:
    """Return the hole of `source`, (height, width, 1) uint8: 255 in the hole, 0 elsewhere.

    The hole is white in `mask`; without a mask, transparent pixels are the hole. Raises `BadImage`
    for a file without a hole, and `DataError` for other inputs.
    """
    if mask is None:
        advice = "pass mask=, or make the hole transparent"
        with input_errors(source.path, advice, is_file=bool(source.image)):
            return masks.hole_from_alpha(source.layers, source.path)
    try:
        return _hole_from(mask)
    except ValueError as error:
        raise DataError(f"the mask {error}.") from error


def _hole_from(mask: ImageInput) -> Pixels:
    if isinstance(mask, Image.Image):
        return masks.hole_from_pillow(mask)
    if isinstance(mask, np.ndarray):
        return masks.hole_from_array(mask)
    if isinstance(mask, Tensor):
        array = mask.detach().cpu().numpy()
        return masks.hole_from_array(array.transpose(1, 2, 0) if array.ndim == 3 else array)
    return masks.hole_from_file(encode_input(mask))


def split_masks(mask: Any, count: int, *, shared: bool = False) -> list[Any]:
    """Return a mask, or None, for each of `count` images.

    Args:
        mask: a list of masks, or a batch of masks as an array or tensor.
        count: number of images.
        shared: whether a single mask applies to all images, as for a batch in one tensor.

    Raises:
        ConfigError: the number of masks differs from `count`.
    """
    if mask is None:
        return [None] * count
    stacked = getattr(mask, "ndim", 0) in ((4,) if shared else (3, 4))
    if not stacked and not isinstance(mask, (list, tuple)):
        if shared:
            return [mask] * count
        raise ConfigError(
            f"mask: expected a list with a mask or None for each of {count} images, got "
            f"{type(mask).__name__}."
        )
    if len(mask) != count:
        raise ConfigError(f"mask: {len(mask)} masks for {count} images.")
    return list(mask)
