"""The GAN of Goodfellow et al. (2014), against values computed by hand."""

import math

import pytest
import small_gans
import torch
from small_discriminators import WithoutFeatures
from turns import advance_to_turn, sigmoid
from valid_recipe import register_parts

from translate.engine.optimization.step import take_step
from translate.engine.training.monitoring.preview import draw_preview
from translate.errors import ConfigError
from translate.registry import create, find

NAME, DISCRIMINATOR = "gan", "discriminator"


@pytest.mark.parametrize("name", ["gan", "dcgan"])
def test_the_losses_are_those_of_the_paper(name: str) -> None:
    # real images are 1 and have the score 2; generated images are 0.5 and have the score 1
    recipe = small_gans.scalar_recipe(name, DISCRIMINATOR)
    step, turn = advance_to_turn(recipe, small_gans.white_batch(), 0)
    assert (turn.player, list(turn.losses)) == ("discriminator", ["gan"])
    # equation 1, which the discriminator maximises
    value = math.log(sigmoid(2)) + math.log(1 - sigmoid(1))
    assert turn.total.item() == pytest.approx(-value) == pytest.approx(1.440190, abs=1e-5)
    turn = next(step)
    assert (turn.player, list(turn.losses)) == ("generator", ["gan"])
    assert turn.total.item() == pytest.approx(-math.log(sigmoid(1)))
    turn.total.backward()  # the score grows by 2 with the level
    assert recipe.generator.weight.grad.item() == pytest.approx(-2 * (1 - sigmoid(1)))
    assert next(step, None) is None


def test_the_saturating_loss_is_the_first_loss_of_the_paper() -> None:
    recipe = small_gans.scalar_recipe(
        NAME, DISCRIMINATOR, adversarial={"name": "vanilla", "saturating": True}
    )
    _, turn = advance_to_turn(recipe, small_gans.white_batch(), 1)
    assert turn.total.item() == pytest.approx(math.log(1 - sigmoid(1)))
    turn.total.backward()
    assert recipe.generator.weight.grad.item() == pytest.approx(-2 * sigmoid(1))


@pytest.mark.parametrize("name", ["gan", "dcgan"])
def test_feature_matching_adds_the_distance_of_mean_features(name: str) -> None:
    recipe = small_gans.scalar_recipe(name, DISCRIMINATOR, feature_matching_weight=10.0)
    _, turn = advance_to_turn(recipe, small_gans.white_batch(), 1)
    assert list(turn.losses) == ["gan", "feature_matching"]
    assert turn.losses["feature_matching"].item() == pytest.approx(10 * (1 - 0.5) ** 2)


def test_feature_matching_needs_features(register_plugin) -> None:
    register_parts(register_plugin, discriminators={"plain": WithoutFeatures})
    small_gans.build_state(NAME, discriminator="plain")
    with pytest.raises(ConfigError, match=r"has no method features.*choose mlp, patch"):
        small_gans.build_state(NAME, discriminator="plain", feature_matching_weight=1.0)


def test_the_generator_turn_uses_the_updated_discriminator() -> None:
    recipe = small_gans.scalar_recipe(NAME, DISCRIMINATOR)
    step, _ = advance_to_turn(recipe, small_gans.white_batch(), 0)
    with torch.no_grad():
        recipe.discriminator.slope.fill_(4.0)
    assert next(step).total.item() == pytest.approx(-math.log(sigmoid(2)))


def test_real_and_generated_batches_are_separate_and_the_generator_turn_has_new_latents() -> None:
    training, batch = small_gans.build_state(NAME), small_gans.random_batch()
    inputs = small_gans.record_inputs(training.recipe.discriminator)
    take_step(training, batch, 10)
    real, fake, fake_of_generator_turn = inputs
    assert torch.equal(real, batch.images)
    assert real.shape == fake.shape == fake_of_generator_turn.shape
    assert not torch.equal(fake, fake_of_generator_turn)


@pytest.mark.parametrize("name", ["gan", "dcgan"])
@pytest.mark.parametrize(("discriminator_steps", "turns"), [(1, [2, 2, 2, 2]), (3, [1, 1, 2, 1])])
def test_the_discriminator_has_its_turns_before_each_generator_turn(
    name: str, discriminator_steps: int, turns: list[int]
) -> None:
    training = small_gans.build_state(name, discriminator_steps=discriminator_steps)
    players = small_gans.players_of_steps(training, 4)
    assert players == [["discriminator", "generator"][:count] for count in turns]


def test_invalid_options_are_refused() -> None:
    with pytest.raises(ConfigError, match="discriminator_steps: expected greater than 0, got 0"):
        small_gans.build_state(NAME, discriminator_steps=0)
    with pytest.raises(ConfigError, match="prior: expected 'normal', 'uniform' or 'sphere'"):
        small_gans.build_state(NAME, prior="gauss")


def test_defaults_are_those_of_the_paper() -> None:
    recipe = create("recipe", NAME, spec=small_gans.SPEC)
    assert find("recipe", NAME).defaults["data"]["layout"] == "images"
    noise = recipe.latents(500)
    assert noise.shape == (500, 100, 1, 1)
    assert -1 <= noise.min() < -0.99
    assert 0.99 < noise.max() <= 1


@pytest.mark.parametrize("name", small_gans.NETWORKS)
def test_each_player_has_its_own_learning_rate(name: str) -> None:
    opponent = "critic" if name.startswith("wgan") else "discriminator"
    options = {"lr_generator": 1e-3, f"lr_{opponent}": 3e-4}
    players = small_gans.build_state(name, **options).optimizers
    rates = {player: optimizer.param_groups[0]["lr"] for player, optimizer in players.items()}
    assert rates == {opponent: 3e-4, "generator": 1e-3}


@pytest.mark.parametrize("name", small_gans.NETWORKS)
def test_a_preview_shows_the_same_noise_each_time(name: str) -> None:
    training = small_gans.build_state(name)
    rows = draw_preview(training, small_gans.random_batch())
    torch.rand(7)  # a step of training changes the state of the random generator
    second = draw_preview(training, small_gans.random_batch(seed=1))
    assert rows["samples"].shape == (32, 1, 8, 8)
    assert torch.equal(rows["samples"], second["samples"])
    assert not torch.equal(rows["samples"][0], rows["samples"][1])
