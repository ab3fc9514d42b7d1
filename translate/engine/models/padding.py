"""Translation of images that are padded to a size that the recipe accepts."""

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from translate.engine.plugins.errors import definition_location, plugin_code
from translate.errors import PluginError
from translate.recipe import Recipe


def padded_translation(
    recipe: Recipe, batch: Tensor, to: str, keywords: Mapping[str, Any]
) -> Tensor:
    """Call the recipe's `translate` with padded images, and crop the output.

    Padding repeats the right and bottom edges, so that pixels keep their coordinates.

    Args:
        recipe: the recipe.
        batch: (N, C, H, W) images in [-1, 1].
        to: the target domain.
        keywords: options and noise.

    Raises:
        PluginError: the recipe returned another type or shape than expected.
    """
    height, width = batch.shape[-2:]
    fit, scale = recipe.geometry.fit, recipe.geometry.scale
    padding = (0, fit(width) - width, 0, fit(height) - height)  # left, right, top, bottom
    padded = F.pad(batch, padding, mode="replicate")
    with plugin_code(recipe, "translate"):
        output = recipe.translate(padded, to=to, **keywords)
    if not isinstance(output, Tensor):
        raise PluginError(
            f"{type(recipe).__name__}.translate returned a {type(output).__name__}: it must "
            f"return a tensor (N, C, H, W){definition_location(recipe, 'translate')}."
        )
    expected = tuple(scale * side for side in padded.shape[-2:])
    if output.shape[-2:] != expected or len(output) != len(batch):
        raise PluginError(
            f"{type(recipe).__name__}.translate returned {tuple(output.shape)} for "
            f"{tuple(padded.shape)}: it must return images {scale} times as large, or its "
            "geometry must state which sizes it accepts"
            f"{definition_location(recipe, 'translate')}."
        )
    return output[..., : scale * height, : scale * width]
