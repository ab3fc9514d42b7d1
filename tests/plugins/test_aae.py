"""The adversarial auto-encoder of Makhzani et al. (2016), against numbers worked out by hand."""

import math

import pytest
import small_autoencoders
import small_gans
import torch
from turns import advance_to_turn

from translate.registry import create

NAME = "aae"


def chance(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def test_three_players_take_turns_in_the_papers_order() -> None:
    # a white image, 1, has the code 0.5 and is decoded as 0.1; noise, 1, scores 2, and the code 1
    step, turn = advance_to_turn(
        small_autoencoders.scalar_recipe(NAME), small_gans.white_batch(), 0
    )
    assert (turn.player, list(turn.losses)) == ("autoencoder", ["reconstruction"])
    assert turn.total.item() == pytest.approx(0.9**2)
    turn = next(step)
    assert (turn.player, list(turn.losses)) == ("discriminator", ["gan"])
    assert turn.total.item() == pytest.approx(-math.log(chance(2)) - math.log(1 - chance(1)))
    turn = next(step)
    assert (turn.player, list(turn.losses)) == ("encoder", ["gan"])
    assert turn.total.item() == pytest.approx(-math.log(chance(1)))
    assert next(step, None) is None


def test_the_adversarial_turns_use_codes_of_the_updated_encoder() -> None:
    recipe = small_autoencoders.scalar_recipe(NAME)
    step, _ = advance_to_turn(recipe, small_gans.white_batch(), 0)
    with torch.no_grad():
        recipe.encoder.weight.fill_(1.5)
    expected = -math.log(chance(2)) - math.log(1 - chance(3))
    assert next(step).total.item() == pytest.approx(expected)
    with torch.no_grad():
        recipe.discriminator.slope.fill_(4.0)
    assert next(step).total.item() == pytest.approx(-math.log(chance(6)))


def test_each_adversarial_turn_updates_its_network_and_never_the_decoder() -> None:
    recipe = small_autoencoders.build_state(NAME).recipe
    players = {
        player: {id(p) for group in optimizer.param_groups for p in group["params"]}
        for player, optimizer in recipe.optimizers().items()
    }
    encoder = {id(p) for p in recipe.encoder.parameters()}
    assert players["autoencoder"] == encoder | {id(p) for p in recipe.decoder.parameters()}
    assert players["encoder"] == encoder
    assert players["discriminator"] == {id(p) for p in recipe.discriminator.parameters()}


@pytest.mark.parametrize(("name", "index"), [("aae", 1), ("wae-gan", 0)])
def test_the_discriminators_turn_leaves_no_gradient_in_the_encoder(name: str, index: int) -> None:
    recipe = small_autoencoders.build_state(name).recipe
    _, turn = advance_to_turn(recipe, small_gans.random_batch(), index)
    assert turn.player == "discriminator"
    gradients = torch.autograd.grad(
        turn.total, list(recipe.encoder.parameters()), allow_unused=True
    )
    assert set(gradients) == {None}


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


def test_defaults_are_the_networks_of_the_paper_and_adam() -> None:
    recipe = create("recipe", NAME, spec=small_gans.SPEC)
    shapes = {
        name: [p.shape[0] for p in network.parameters() if p.ndim == 2]
        for name, network in recipe.named_children()
    }
    assert shapes["encoder"] == [1000, 1000, 8]
    assert shapes["decoder"] == [1000, 1000, 64]
    assert shapes["discriminator"] == [1000, 1000, 1]
    rates = {name: o.param_groups[0]["lr"] for name, o in recipe.optimizers().items()}
    assert rates == {"autoencoder": 1e-3, "discriminator": 2e-4, "encoder": 2e-4}
