"""The check of a recipe says which rule of inference the recipe breaks."""

import pytest
import torch.nn.functional as F
from valid_recipe import ValidRecipe, assert_breaks

from translate.contract.recipes.inference import (
    is_independent_of_batch,
    names_its_targets,
    translates_any_size,
)


class NamesAnUnknownTarget(ValidRecipe):
    def targets(self, source):  # noqa: ARG002
        return "elsewhere"


class ReturnsEvenSizes(ValidRecipe):
    def translate(self, images, *, to=None):
        return F.interpolate(super().translate(images, to=to)[..., ::2, ::2], scale_factor=2)


class NeedsFourPixels(ValidRecipe):
    def translate(self, images, *, to=None):
        outputs = super().translate(images, to=to)
        return F.pad(outputs, (3, 3, 3, 3), mode="reflect")[..., 3:-3, 3:-3]


class SharesStatistics(ValidRecipe):
    def translate(self, images, *, to=None):
        self.generator.train()
        return super().translate(images, to=to)


@pytest.mark.parametrize(
    ("recipe", "rule", "message"),
    [
        (NamesAnUnknownTarget, names_its_targets, r"targets\('source'\) returned 'elsewhere'"),
        (ReturnsEvenSizes, translates_any_size, "or its geometry must state which"),
        (NeedsFourPixels, translates_any_size, "1x1 raised .* Does its geometry have"),
        (SharesStatistics, is_independent_of_batch, "other images of the batch, .* an output by"),
    ],
)
def test_a_recipe_that_breaks_a_rule_of_inference_gets_its_message(
    register_plugin, recipe, rule, message
) -> None:
    assert_breaks(register_plugin, recipe, rule, message)
