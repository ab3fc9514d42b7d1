"""Importer of CUT and FastCUT: ResNet generators with antialiasing."""

from typing import Annotated

from pydantic import PositiveInt

from translate.errors import CheckpointError
from translate.importers import ForeignWeights, ImportedModel
from translate_plugins.importers.generators import read_generator
from translate_plugins.importers.published import (
    CROP_SIZE,
    TWO_WAY_RECIPE,
    make_imported_model,
    read_generator_of,
)

FILTERS = {3: (1.0, 2.0, 1.0), 4: (1.0, 3.0, 3.0, 1.0)}
"""rows of blur filters by their side: 3 for downsampling (sum 1), 4 for upsampling (sum 4)"""


class CutImporter:
    """Generators of contrastive-unpaired-translation with antialiasing, ``latest_net_G.pth``."""

    recipes = ("cut", "fastcut", "pix2pix", TWO_WAY_RECIPE)

    def __init__(self, *, crop_size: Annotated[PositiveInt | None, CROP_SIZE] = None) -> None:
        self.crop_size = crop_size

    def recognizes(self, weights: ForeignWeights) -> bool:
        generator = read_generator(weights.tensors)
        return generator is not None and "antialias" in generator.part

    def convert(
        self, weights: ForeignWeights, other: ForeignWeights | None, recipe: str | None
    ) -> ImportedModel:
        for file in (weights, other) if other else (weights,):
            require_published_filters(file)
        in_channels, out_channels = read_generator_of(weights).channels
        one_way_recipe = "cut" if in_channels == out_channels else "pix2pix"
        default = TWO_WAY_RECIPE if other else one_way_recipe
        return make_imported_model(weights, other, recipe or default, crop_size=self.crop_size)


def require_published_filters(weights: ForeignWeights) -> None:
    """Raise `CheckpointError` unless the blur filters of a file are those of the authors' code."""
    import torch

    for key, filters in weights.tensors.items():
        if not key.endswith(".filt"):
            continue
        side = filters.shape[-1] if filters.ndim == 4 else 0
        row = torch.tensor(FILTERS.get(side, (1.0,)))
        outer_product = row[:, None] * row
        expected = outer_product / outer_product.sum() * (4 if side == 4 else 1)
        if filters.shape[1:] != (1, *expected.shape) or not torch.allclose(
            filters.float(), expected.expand_as(filters)
        ):
            raise CheckpointError(
                f"{weights.name}: {key} is another filter than that of the authors' code, "
                f"[1, 2, 1] for downsampling and [1, 3, 3, 1] for upsampling."
            )
