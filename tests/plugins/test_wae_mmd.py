"""WAE-MMD, algorithm 2 of Tolstikhin et al. (2018), against values computed by hand."""

import pytest
import small_autoencoders
import small_gans
import torch
from turns import advance_to_turn

from translate.errors import ConfigError
from translate.nn.noise import temporary_seed
from translate.nn.penalties import mmd
from translate.registry import create

NAME = "wae-mmd"


def test_the_losses_are_those_of_algorithm_2() -> None:
    # a white image, 1, has the code 0.5, which is decoded as 0.1; all noise is 1
    recipe = small_autoencoders.scalar_recipe(NAME, latent_dim=1)
    step, turn = advance_to_turn(recipe, small_gans.white_batch(), 0)
    assert (turn.player, list(turn.losses)) == ("autoencoder", ["reconstruction", "mmd"])
    assert turn.losses["reconstruction"].tolist() == pytest.approx([0.05 * 4 * 0.9**2] * 2)
    kernels = sum(c / (c + 0.5**2) for c in (0.2, 0.4, 1, 2, 4, 10, 20))  # of code and noise
    assert turn.losses["mmd"].item() == pytest.approx(10 * (7 + 7 - 2 * kernels), rel=1e-5)
    turn.total.backward()
    assert next(step, None) is None


def test_codes_are_compared_with_noise_by_mmd() -> None:
    recipe = small_autoencoders.build_state(NAME, mmd_weight=3.0).recipe
    batch = small_gans.random_batch(8)
    with temporary_seed(1):
        _, turn = advance_to_turn(recipe, batch, 0)
    with temporary_seed(1), torch.no_grad():
        expected = 3 * mmd(recipe.encoder(batch.images), recipe.latents(8), scale=1.0)
    assert turn.losses["mmd"].item() == pytest.approx(expected.item())


def test_a_batch_of_one_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"train\.batch_size: .* expected at least 2, got 1"):
        advance_to_turn(small_autoencoders.build_state(NAME).recipe, small_gans.random_batch(1), 0)


def test_defaults_are_those_of_the_authors_code() -> None:
    recipe = create("recipe", NAME, spec=small_gans.SPEC)
    assert recipe.latents(2).shape == (2, 8, 1, 1)
    assert (recipe.reconstruction_weight, recipe.mmd_weight) == (0.05, 10)
