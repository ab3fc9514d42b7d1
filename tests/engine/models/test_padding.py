"""A recipe gets images of a size that it accepts, and outputs are cropped."""

import torch
from tint_recipe import Tint

from translate.engine.models.padding import padded_translation
from translate.nn.geometry import Geometry


def test_images_are_padded_to_a_size_that_the_recipe_accepts_and_outputs_cropped() -> None:
    recipe = Tint(geometry=Geometry(multiple_of=8, minimum=16, scale=2))
    output = padded_translation(recipe, torch.zeros(1, 3, 9, 21), "sharp", {})
    assert recipe.sizes == [(16, 24)]
    assert output.shape == (1, 3, 18, 42)
