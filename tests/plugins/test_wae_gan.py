"""WAE-GAN, algorithm 1 of Tolstikhin et al. (2018), against values computed by hand."""

import math

import pytest
import small_autoencoders
import small_gans
import torch
from turns import advance_to_turn, sigmoid

from translate.registry import create

NAME = "wae-gan"


def test_the_losses_are_those_of_algorithm_1() -> None:
    # a white image, 1, has the code 0.5, which is decoded as 0.1; noise, 1, has the score 2, and
    # the code has the score 1
    step, turn = advance_to_turn(
        small_autoencoders.scalar_recipe(NAME), small_gans.white_batch(), 0
    )
    assert (turn.player, list(turn.losses)) == ("discriminator", ["gan"])
    discriminator_loss = -math.log(sigmoid(2)) - math.log(1 - sigmoid(1))
    assert turn.total.item() == pytest.approx(10 * discriminator_loss)
    turn = next(step)
    assert (turn.player, list(turn.losses)) == ("autoencoder", ["reconstruction", "gan"])
    assert turn.losses["reconstruction"].tolist() == pytest.approx([0.05 * 4 * 0.9**2] * 2)
    assert turn.losses["gan"].item() == pytest.approx(-10 * math.log(sigmoid(1)))
    turn.total.backward()
    assert next(step, None) is None


def test_weights_can_be_set() -> None:
    recipe = small_autoencoders.scalar_recipe(
        NAME, reconstruction_weight=0.5, adversarial_weight=2.0
    )
    _, turn = advance_to_turn(recipe, small_gans.white_batch(), 1)
    assert turn.total.item() == pytest.approx(0.5 * 4 * 0.9**2 - 2 * math.log(sigmoid(1)))


def test_the_autoencoder_turn_uses_the_updated_discriminator() -> None:
    recipe = small_autoencoders.scalar_recipe(NAME)
    step, _ = advance_to_turn(recipe, small_gans.white_batch(), 0)
    with torch.no_grad():
        recipe.discriminator.slope.fill_(4.0)
    assert next(step).losses["gan"].item() == pytest.approx(-10 * math.log(sigmoid(2)))


def test_defaults_are_those_of_the_authors_code() -> None:
    recipe = create("recipe", NAME, spec=small_gans.SPEC)
    discriminator = [p.shape[0] for p in recipe.discriminator.parameters() if p.ndim == 2]
    assert discriminator == [512, 512, 512, 512, 1]
    assert recipe.latents(2).shape == (2, 8, 1, 1)
    assert (recipe.reconstruction_weight, recipe.adversarial_weight) == (0.05, 10)
