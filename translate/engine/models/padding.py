"""Images padded to sides that a recipe takes."""

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from translate.engine.plugins.errors import definition_location, plugin_code
from translate.errors import PluginError, short_repr
from translate.recipe import Recipe


def padded_translation(
    recipe: Recipe, batch: Tensor, to: str, keywords: Mapping[str, Any]
) -> Tensor:
    """Call the recipe's `translate` with padded images, and crop what it returns.

    Sides that it cannot take are padded on the right and at the bottom by repeating the edge.

    Args:
        recipe: the recipe.
        batch: (N, C, H, W) images in [-1, 1].
        to: the target domain.
        keywords: options and noise.
    """
    height, width = batch.shape[-2:]
    fit = recipe.geometry.fit
    right, below = fit(width) - width, fit(height) - height
    padded = F.pad(batch, (0, right, 0, below), mode="replicate")
    with plugin_code(recipe, "translate"):
        output = recipe.translate(padded, to=to, **keywords)
    if not isinstance(output, Tensor):
        raise PluginError(
            f"{type(recipe).__name__}.translate returned {short_repr(output)}: it must return a "
            f"tensor (N, C, H, W){definition_location(recipe, 'translate')}."
        )
    scale = recipe.geometry.scale
    sides = tuple(scale * side for side in padded.shape[-2:])
    if output.shape[-2:] != sides or len(output) != len(batch):
        raise PluginError(
            f"{type(recipe).__name__}.translate made {tuple(output.shape)} of "
            f"{tuple(padded.shape)}: it must make images {scale} times as large, or "
            "have a geometry that says which sizes it takes"
            f"{definition_location(recipe, 'translate')}."
        )
    return output[..., : scale * height, : scale * width]
