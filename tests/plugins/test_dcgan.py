"""DCGAN of Radford et al. (2016) and of the authors' code."""

import math

import pytest
import small_gans
import torch
from specs import image_spec
from torch import nn
from turns import advance_to_turn, sigmoid

from translate.engine.optimization.step import take_step
from translate.registry import create, find

NAME = "dcgan"


def test_the_losses_are_those_of_a_gan() -> None:
    # real images are 1 and have the score 2; generated images are 0.5 and have the score 1
    recipe = small_gans.scalar_recipe(NAME, "discriminator")
    step, turn = advance_to_turn(recipe, small_gans.white_batch(), 0)
    assert (turn.player, list(turn.losses)) == ("discriminator", ["gan"])
    assert turn.total.item() == pytest.approx(-math.log(sigmoid(2)) - math.log(1 - sigmoid(1)))
    turn = next(step)
    assert (turn.player, list(turn.losses)) == ("generator", ["gan"])
    assert turn.total.item() == pytest.approx(-math.log(sigmoid(1)))
    assert next(step, None) is None


def test_feature_matching_adds_the_distance_of_mean_features() -> None:
    recipe = small_gans.scalar_recipe(NAME, "discriminator", feature_matching_weight=10.0)
    _, turn = advance_to_turn(recipe, small_gans.white_batch(), 1)
    assert list(turn.losses) == ["gan", "feature_matching"]
    assert turn.losses["feature_matching"].item() == pytest.approx(10 * (1 - 0.5) ** 2)


def test_the_generator_turn_uses_the_images_of_the_discriminator_turn() -> None:
    training, batch = small_gans.build_state(NAME), small_gans.random_batch()
    inputs = small_gans.record_inputs(training.recipe.discriminator)
    take_step(training, batch, 10)
    real, fake, fake_of_generator_turn = inputs  # each in its own batch
    assert torch.equal(real, batch.images)
    assert torch.equal(fake, fake_of_generator_turn)


def test_the_discriminator_has_its_turns_before_each_generator_turn() -> None:
    players = small_gans.players_of_steps(small_gans.build_state(NAME, discriminator_steps=2), 4)
    assert players == [["discriminator"], ["discriminator", "generator"]] * 2


def test_defaults_are_those_of_the_paper_except_for_its_size_of_64_pixels() -> None:
    defaults = find("recipe", NAME).defaults
    assert (defaults["data"]["layout"], defaults["data"]["size"]) == ("images", 32)
    recipe = create("recipe", NAME, spec=image_spec((64, 64), ("bedrooms",)))
    noise = recipe.latents(500)
    assert noise.shape == (500, 100, 1, 1)
    assert (noise.min() + 1).abs() < 0.01 > (noise.max() - 1).abs()  # uniform
    kernels = [p for p in recipe.modules() if isinstance(p, (nn.Conv2d, nn.ConvTranspose2d))]
    for kernel in kernels:
        assert kernel.weight.std().item() == pytest.approx(0.02, rel=0.1)
    # numbers of parameters of the networks of pytorch/examples, which are those of the paper
    assert sum(p.numel() for p in recipe.generator.parameters()) == 3_576_704
    assert sum(p.numel() for p in recipe.discriminator.parameters()) == 2_765_568


def test_a_sample_does_not_depend_on_its_batch() -> None:
    training = small_gans.build_state(NAME)
    for seed in range(3):
        take_step(training, small_gans.random_batch(seed=seed), 10)
    recipe = training.recipe.eval()
    noise = recipe.latents(5)
    with torch.no_grad():
        single_outputs = torch.cat([recipe.draw(one) for one in noise.split(1)])
        assert torch.allclose(recipe.draw(noise), single_outputs, atol=1e-6)
