"""The check of a recipe says which rule of inference the recipe breaks."""

import pytest
import torch.nn.functional as F
from valid_recipe import ValidRecipe, assert_breaks

from translate.contract.recipes import inference


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


BREAKS_INFERENCE = {
    NamesAnUnknownTarget: (
        inference.names_its_targets,
        r"targets\('source'\) returned 'elsewhere'",
    ),
    ReturnsEvenSizes: (inference.translates_any_size, "or its geometry must state which"),
    NeedsFourPixels: (
        inference.translates_any_size,
        "1x1 raised .* Does its geometry have",
    ),
    SharesStatistics: (
        inference.is_independent_of_batch,
        "other images of the batch, or a repetition, change an output by",
    ),
}
"""recipes, the rule that each breaks, and the message for its author"""


@pytest.mark.parametrize("recipe", BREAKS_INFERENCE, ids=lambda recipe: recipe.__name__)
def test_a_recipe_that_breaks_a_rule_of_inference_gets_a_message(register_plugin, recipe) -> None:
    assert_breaks(register_plugin, recipe, *BREAKS_INFERENCE[recipe])
