"""The check of a recipe reports which rule of options and noise the recipe breaks."""

import pytest
import torch
from valid_recipe import ValidRecipe, assert_breaks, register_parts

from translate.contract.recipes import options_and_noise
from translate.contract.recipes.subject import make_subject


class DrawsFromTheGlobalGenerator(ValidRecipe):
    def translate(self, images, *, to=None, noise=None):  # noqa: ARG002
        return super().translate(images, to=to) + torch.randn_like(images)


class IgnoresNoise(ValidRecipe):
    def translate(self, images, *, to=None, noise=None):  # noqa: ARG002
        return super().translate(images, to=to)


class NeedsSteps(ValidRecipe):
    def translate(self, images, *, to=None, steps):  # noqa: ARG002
        return super().translate(images, to=to)


class HasAnOptionCalledSize(ValidRecipe):
    def translate(self, images, *, to=None, size=3):  # noqa: ARG002
        return super().translate(images, to=to)


class DrawsAfterTheFirstStep(ValidRecipe):
    def translate(self, images, *, to=None, noise=None, steps=1, scale=0.5):
        images = super().translate(images, to=to)
        return images + scale * noise.normal(images.shape) if steps > 1 else images


@pytest.mark.parametrize(
    ("recipe", "rule", "message"),
    [
        (DrawsFromTheGlobalGenerator, options_and_noise.draws_from_given_noise, "Use noise.normal"),
        (
            IgnoresNoise,
            options_and_noise.draws_from_given_noise,
            "the argument `noise` has no effect",
        ),
        (NeedsSteps, options_and_noise.declares_options, "'steps' of translate has no default"),
        (
            HasAnOptionCalledSize,
            options_and_noise.declares_options,
            "'size' of translate is an argument of",
        ),
    ],
)
def test_a_recipe_that_breaks_a_rule_of_calls_gets_its_message(
    register_plugin, recipe, rule, message
) -> None:
    assert_breaks(register_plugin, recipe, rule, message)


def test_noise_may_have_an_effect_with_some_options_only(register_plugin) -> None:
    register_parts(register_plugin, recipes={"sampler": DrawsAfterTheFirstStep})
    assert options_and_noise.draws_from_given_noise(make_subject("sampler", {}, None, None)) is None
