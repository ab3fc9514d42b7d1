"""Autoencoders small enough to compute by hand."""

from collections.abc import Mapping
from typing import Any

import small_gans
import torch
from torch import Tensor, nn

from translate.batches import ImageSpec
from translate.engine.checkpoints.state import TrainingState
from translate.recipe import Recipe

NETWORKS: Mapping[str, Mapping[str, Any]] = {
    "encoder": {"name": "mlp-encoder", "width": 8, "layers": 1, "norm": "none"},
    "decoder": {"name": "mlp", "width": 8, "layers": 1, "norm": "none"},
}


class HalfMeanEncoder(nn.Module):
    """Encode an image as half of its mean."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(0.5))

    def forward(self, images: Tensor) -> Tensor:
        return self.weight * images.mean(dim=(1, 2, 3), keepdim=True)


class ConstantDecoder(nn.Module):
    """Decode a code as 2x2 pixels of one fifth of its value."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(0.2))

    def forward(self, code: Tensor) -> Tensor:
        return (self.weight * code).expand(-1, 1, 2, 2)


def build_state(name: str, spec: ImageSpec = small_gans.SPEC, **options: Any) -> TrainingState:
    """Return the training state of recipe `name` with small networks, at step 0."""
    return small_gans.build_state(name, spec, **{**NETWORKS, **options})


def scalar_recipe(name: str, **options: Any) -> Recipe:
    """Return the recipe with the two networks above, a `MeanDiscriminator` and latents of 1."""
    recipe = build_state(name, **options).recipe
    recipe.encoder, recipe.decoder = HalfMeanEncoder(), ConstantDecoder()
    recipe.discriminator = small_gans.MeanDiscriminator()
    recipe.latents = lambda count: torch.ones(count, 1, 1, 1)
    return recipe
