"""DCGAN of Radford et al. (2016) and their code."""

import math

import pytest
import small_gans
import torch
from specs import image_spec
from torch import nn
from turns import advance_to_turn

from translate.engine.optimization.step import take_step
from translate.registry import create, find

NAME, JUDGE = "dcgan", "discriminator"


def chance(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def test_the_losses_are_those_of_a_gan() -> None:
    # real images are 1 and score 2; generated ones are 0.5 and score 1
    step, turn = advance_to_turn(small_gans.scalar_recipe(NAME, JUDGE), small_gans.white_batch(), 0)
    assert (turn.player, list(turn.losses)) == ("discriminator", ["gan"])
    assert turn.total.item() == pytest.approx(-math.log(chance(2)) - math.log(1 - chance(1)))
    turn = next(step)
    assert (turn.player, list(turn.losses)) == ("generator", ["gan"])
    assert turn.total.item() == pytest.approx(-math.log(chance(1)))
    assert next(step, None) is None


def test_feature_matching_adds_the_distance_of_mean_features() -> None:
    _, turn = advance_to_turn(
        small_gans.scalar_recipe(NAME, JUDGE, feature_matching_weight=10.0),
        small_gans.white_batch(),
        1,
    )
    assert list(turn.losses) == ["gan", "feature_matching"]
    assert turn.losses["feature_matching"].item() == pytest.approx(10 * (1 - 0.5) ** 2)


def test_the_generator_turn_uses_the_images_of_the_discriminator_turn() -> None:
    training, batch = small_gans.build_state(NAME), small_gans.random_batch()
    inputs = small_gans.record_inputs(training.recipe.discriminator)
    take_step(training, batch, 10)
    real, fake, answer = inputs  # real and generated images in separate batches
    assert torch.equal(real, batch.images)
    assert torch.equal(fake, answer)


def test_the_discriminator_has_its_turns_before_each_generator_turn() -> None:
    result = small_gans.players_of_steps(small_gans.build_state(NAME, discriminator_steps=2), 4)
    assert result == [["discriminator"], ["discriminator", "generator"]] * 2


def test_defaults_are_those_of_the_paper_except_for_its_64_pixels() -> None:
    defaults = find("recipe", NAME).defaults
    assert (defaults["data"]["layout"], defaults["data"]["size"]) == ("images", 32)
    recipe = create("recipe", NAME, spec=image_spec((64, 64), ("bedrooms",)))
    for player, optimizer in recipe.optimizers().items():
        (group,) = optimizer.param_groups
        assert (group["lr"], group["betas"]) == (2e-4, (0.5, 0.999))
        network = getattr(recipe, player)
        assert {id(p) for p in group["params"]} == {id(p) for p in network.parameters()}
    noise = recipe.latents(500)
    assert noise.shape == (500, 100, 1, 1)
    assert (noise.min() + 1).abs() < 0.01 > (noise.max() - 1).abs()  # uniform
    kernels = [p for p in recipe.modules() if isinstance(p, (nn.Conv2d, nn.ConvTranspose2d))]
    for kernel in kernels:
        assert kernel.weight.std().item() == pytest.approx(0.02, rel=0.1)
    # the sizes of the networks of pytorch/examples, whose layout is the paper's
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
