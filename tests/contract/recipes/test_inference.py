"""The check of a recipe reports which rule of inference the recipe breaks."""

import pytest
import torch.nn.functional as F
from valid_recipe import ValidRecipe, assert_breaks, register_parts

from translate.contract.recipes.inference import (
    draws_trained_size,
    is_independent_of_batch,
    names_its_targets,
    translates_any_size,
)
from translate.contract.recipes.subject import make_subject
from translate.nn.latents import Prior


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


class Draws(ValidRecipe):
    """A recipe that keeps the rules of generation: latents are colours of uniform images."""

    def __init__(self, spec, *, width=3):
        super().__init__(spec, width=width)
        self.size, self.prior = spec.size, Prior("uniform", spec.target.channels)

    def draw(self, latents, condition=None):  # noqa: ARG002
        return latents.expand(-1, -1, *self.size)


class DrawsHalfTheSize(Draws):
    def draw(self, latents, condition=None):
        return super().draw(latents, condition)[..., ::2, ::2]


class DrawsOutsideTheRange(Draws):
    def draw(self, latents, condition=None):
        return super().draw(latents, condition) + 2


class DrawsTheMeanOfTheBatch(Draws):
    def draw(self, latents, condition=None):
        return super().draw(latents - latents.mean(0), condition) / 2


def test_a_recipe_that_draws_images_keeps_the_rules(register_plugin) -> None:
    register_parts(register_plugin, recipes={"tested": Draws})
    assert draws_trained_size(make_subject("tested", {}, None, None)) is None


@pytest.mark.parametrize(
    ("recipe", "rule", "message"),
    [
        (NamesAnUnknownTarget, names_its_targets, r"targets\('source'\) returned 'elsewhere'"),
        (ReturnsEvenSizes, translates_any_size, "or its geometry must state which"),
        (NeedsFourPixels, translates_any_size, "1x1 raised .* Does its geometry have"),
        (SharesStatistics, is_independent_of_batch, "other images of the batch, .* an output by"),
        (DrawsHalfTheSize, draws_trained_size, r"\(3, 3, 16, 16\) instead of \(3, 3, 32, 32\)"),
        (DrawsOutsideTheRange, draws_trained_size, r"From noise: it is not in \[-1, 1\]"),
        (DrawsTheMeanOfTheBatch, draws_trained_size, "other images of the batch change an output"),
    ],
)
def test_a_recipe_that_breaks_a_rule_of_inference_gets_its_message(
    register_plugin, recipe, rule, message
) -> None:
    assert_breaks(register_plugin, recipe, rule, message)
