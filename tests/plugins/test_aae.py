"""The adversarial autoencoder of Makhzani et al. (2016), against values computed by hand."""

import math

import pytest
import small_autoencoders
import small_gans
import torch
from turns import advance_to_turn, sigmoid

from translate.registry import create

NAME = "aae"


def test_three_players_take_turns_in_the_order_of_the_paper() -> None:
    # a white image, 1, has the code 0.5, which is decoded as 0.1; noise, 1, has the score 2, and
    # the code has the score 1
    step, turn = advance_to_turn(
        small_autoencoders.scalar_recipe(NAME), small_gans.white_batch(), 0
    )
    assert (turn.player, list(turn.losses)) == ("autoencoder", ["reconstruction"])
    assert turn.total.item() == pytest.approx(0.9**2)
    turn = next(step)
    assert (turn.player, list(turn.losses)) == ("discriminator", ["gan"])
    assert turn.total.item() == pytest.approx(-math.log(sigmoid(2)) - math.log(1 - sigmoid(1)))
    turn = next(step)
    assert (turn.player, list(turn.losses)) == ("encoder", ["gan"])
    assert turn.total.item() == pytest.approx(-math.log(sigmoid(1)))
    assert next(step, None) is None


def test_the_adversarial_turns_use_codes_of_the_updated_encoder() -> None:
    recipe = small_autoencoders.scalar_recipe(NAME)
    step, _ = advance_to_turn(recipe, small_gans.white_batch(), 0)
    with torch.no_grad():
        recipe.encoder.weight.fill_(1.5)
    expected = -math.log(sigmoid(2)) - math.log(1 - sigmoid(3))
    assert next(step).total.item() == pytest.approx(expected)
    with torch.no_grad():
        recipe.discriminator.slope.fill_(4.0)
    assert next(step).total.item() == pytest.approx(-math.log(sigmoid(6)))


@pytest.mark.parametrize("name", ["aae", "wae-mmd", "wae-gan"])
def test_a_preview_shows_originals_reconstructions_and_samples(name: str) -> None:
    recipe, batch = small_autoencoders.scalar_recipe(name), small_gans.white_batch(3)
    with torch.no_grad():
        rows = [*recipe.preview(batch).values()]
    assert [row.unique().tolist() for row in rows] == [
        pytest.approx([value]) for value in (1.0, 0.1, 0.2)
    ]


def test_the_prior_of_codes_is_an_option() -> None:
    noise = small_autoencoders.build_state(NAME, prior="sphere", latent_dim=9).recipe.latents(20)
    assert noise.norm(dim=1).flatten().tolist() == pytest.approx([3.0] * 20)


def test_defaults_are_the_networks_of_the_paper() -> None:
    recipe = create("recipe", NAME, spec=small_gans.SPEC)
    widths = {
        name: [p.shape[0] for p in network.parameters() if p.ndim == 2]
        for name, network in recipe.named_children()
    }
    assert widths["encoder"] == [1000, 1000, 8]
    assert widths["decoder"] == [1000, 1000, 64]
    assert widths["discriminator"] == [1000, 1000, 1]
