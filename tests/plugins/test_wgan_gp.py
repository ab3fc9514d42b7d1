"""WGAN-GP of Gulrajani et al. (2017)."""

import pytest
import small_gans
import torch
from specs import image_spec
from turns import advance_to_turn

from translate.errors import ConfigError
from translate.registry import create, find

NAME, CRITIC = "wgan-gp", "critic"


def test_the_losses_are_those_of_the_paper() -> None:
    # real images are 1 and have the score 2; generated images are 0.5 and have the score 1
    recipe = small_gans.scalar_recipe(NAME, CRITIC, critic_steps=1)
    step, turn = advance_to_turn(recipe, small_gans.white_batch(), 0)
    assert (turn.player, list(turn.losses)) == ("critic", ["gan", "penalty"])
    assert turn.losses["gan"].item() == pytest.approx(1 - 2)
    # the gradient is 2 / 4 at each of the four pixels, so its norm is 1 and the penalty is 0
    assert turn.losses["penalty"].item() == pytest.approx(0, abs=1e-12)
    with torch.no_grad():
        recipe.critic.slope.fill_(6.0)
    turn = next(step)
    assert (turn.player, list(turn.losses)) == ("generator", ["gan"])
    assert turn.total.item() == pytest.approx(-6 * 0.5)
    assert next(step, None) is None


def test_the_penalty_is_ten_times_the_squared_excess_of_the_gradient_norm() -> None:
    recipe = small_gans.scalar_recipe(NAME, CRITIC)
    with torch.no_grad():
        recipe.critic.slope.fill_(6.0)  # a gradient of norm 3
    _, turn = advance_to_turn(recipe, small_gans.white_batch(), 0)
    assert turn.losses["penalty"].item() == pytest.approx(10 * (3 - 1) ** 2)
    turn.losses["penalty"].backward()  # the norm is half the slope
    assert recipe.critic.slope.grad.item() == pytest.approx(10 * 2 * (3 - 1) / 2)
    assert recipe.generator.weight.grad is None


def test_the_critic_has_five_turns_on_new_batches_before_the_generator_turn() -> None:
    training = small_gans.build_state(NAME)
    inputs = small_gans.record_inputs(training.recipe.critic)
    players = small_gans.players_of_steps(training, 10)
    assert players == 2 * ([["critic"]] * 4 + [["critic", "generator"]])
    fakes_of_generator_turns = [inputs.pop(15), inputs.pop(30)]
    reals, fakes = inputs[::3], inputs[1::3]
    assert all(torch.equal(r, small_gans.random_batch(seed=s).images) for s, r in enumerate(reals))
    for real, fake, mixed in zip(reals, fakes, inputs[2::3], strict=True):
        low, high = torch.minimum(real, fake), torch.maximum(real, fake)
        assert ((low - 1e-6 <= mixed) & (mixed <= high + 1e-6)).all()
    different_fakes = {image.numpy().tobytes() for image in [*fakes, *fakes_of_generator_turns]}
    assert len(different_fakes) == 12  # each turn has new latents


def test_a_batch_dependent_critic_is_refused() -> None:
    for critic in ({"name": "mlp", "norm": "batch"}, {"name": "minibatch", "of": "mlp"}):
        with pytest.raises(ConfigError, match=r"depends on its batch.*\{name: dcgan, norm: layer}"):
            small_gans.build_state(NAME, critic=critic)
    small_gans.build_state(NAME, critic={"name": "mlp", "norm": "layer"})


def test_defaults_are_those_of_the_algorithm_of_the_paper() -> None:
    assert find("recipe", NAME).defaults["train"]["batch_size"] == 64
    recipe = create("recipe", NAME, spec=image_spec((32, 32), ("bedrooms",)))
    assert (recipe.critic_steps, recipe.gradient_penalty_weight) == (5, 10.0)
    noise = recipe.latents(2000)
    assert noise.shape[1] == 128
    assert noise.std().item() == pytest.approx(1, abs=0.01)
