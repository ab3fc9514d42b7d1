"""Masks that `translate.api.Translator` takes: one for each image, in any form of an image."""

from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from translate.engine.pixels.conversion import ImageInput, encode_input, named_errors
from translate.engine.pixels.decoded import DecodedInput
from translate.errors import ConfigError, DataError
from translate.images import masks
from translate.images.layers import Pixels


def find_hole(source: DecodedInput, mask: ImageInput | None) -> Pixels:
    """Return (height, width, 1) bytes: 255 in the hole of `source`, which a `mask` says if given.

    Raises `BadImage` for a file without a hole, and `DataError` for anything else.
    """
    if mask is None:
        advice = "pass mask=, or make the hole transparent"
        with named_errors(source.path, advice, is_file=bool(source.image)):
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
        mask: a list of them, or an array or tensor of which each row is one.
        count: how many images there are.
        shared: whether they are a tensor, of which all may have one mask.

    Raises:
        ConfigError: if there is no mask for each.
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
