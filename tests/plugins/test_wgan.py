"""WGAN of Arjovsky et al. (2017) and of the authors' code."""

import pytest
import small_gans
import torch
from torch import nn
from turns import advance_to_turn

from translate.engine.optimization.step import take_step
from translate.errors import ConfigError
from translate.registry import create, find
from translate_plugins.wgan import generator_is_due

NAME, CRITIC = "wgan", "critic"


def test_the_losses_are_differences_of_scores() -> None:
    # real images are 1 and have the score 2; generated images are 0.5 and have the score 1
    recipe = small_gans.scalar_recipe(NAME, CRITIC, critic_steps=1, clip=100.0)
    step, turn = advance_to_turn(recipe, small_gans.white_batch(), 0)
    assert (turn.player, list(turn.losses)) == ("critic", ["gan"])
    assert turn.total.item() == pytest.approx(1 - 2)
    turn.total.backward()  # a greater slope separates real and generated images better
    assert recipe.critic.slope.grad.item() == pytest.approx(0.5 - 1)
    turn = next(step)
    assert (turn.player, list(turn.losses)) == ("generator", ["gan"])
    assert turn.total.item() == pytest.approx(-1)
    assert next(step, None) is None


def test_the_critic_is_clipped_between_its_turn_and_the_generator_turn() -> None:
    recipe = small_gans.scalar_recipe(NAME, CRITIC, critic_steps=1)
    step, _ = advance_to_turn(recipe, small_gans.white_batch(), 0)
    assert recipe.critic.slope.item() == 2.0
    turn = next(step)
    assert recipe.critic.slope.item() == pytest.approx(0.01)
    assert turn.total.item() == pytest.approx(-0.01 * 0.5)
    assert recipe.generator.weight.item() == 0.5  # the generator is not clipped


def test_weights_are_within_the_clip_after_every_turn() -> None:
    training = small_gans.build_state(NAME, clip=0.03, lr_critic=0.1)
    assert max(p.abs().max() for p in training.recipe.critic.parameters()) > 0.03
    for seed in range(7):  # with a turn of the generator among them
        take_step(training, small_gans.random_batch(seed=seed), 10)
        largest = max(p.abs().max().item() for p in training.recipe.critic.parameters())
        assert largest == pytest.approx(0.03)  # a rate of 0.1 exceeds it each time


def test_the_critic_has_five_turns_on_new_batches_before_the_generator_turn() -> None:
    training = small_gans.build_state(NAME)
    inputs = small_gans.record_inputs(training.recipe.critic)
    players = small_gans.players_of_steps(training, 10)
    assert players == 2 * ([["critic"]] * 4 + [["critic", "generator"]])
    fakes_of_generator_turns = [inputs.pop(10), inputs.pop(20)]
    real, fake = inputs[::2], inputs[1::2]
    assert all(torch.equal(r, small_gans.random_batch(seed=s).images) for s, r in enumerate(real))
    different_fakes = {image.numpy().tobytes() for image in [*fake, *fakes_of_generator_turns]}
    assert len(different_fakes) == 12  # each turn has new latents


@pytest.mark.parametrize(("every", "warm_up"), [(5, 100), (2, 7), (1, 3), (5, 5)])
def test_the_warm_up_is_that_of_the_authors_code(every: int, warm_up: int) -> None:
    expected = []
    for generator_updates in range(1200):
        is_warm_up = generator_updates < 25 or generator_updates % 500 == 0
        expected += [False] * ((warm_up if is_warm_up else every) - 1) + [True]
    actual = [generator_is_due(turn, every, warm_up) for turn in range(1, len(expected) + 1)]
    assert actual == expected


def test_critic_warm_up_takes_place_at_the_start() -> None:
    training = small_gans.build_state(NAME, critic_steps=1, warm_up_critic_steps=3)
    players = small_gans.players_of_steps(training, 6)
    assert players == [["critic"], ["critic"], ["critic", "generator"]] * 2


def test_fewer_critic_steps_in_the_warm_up_than_later_are_refused() -> None:
    with pytest.raises(ConfigError, match="warm_up_critic_steps: 2 is fewer than critic_steps, 5"):
        small_gans.build_state(NAME, warm_up_critic_steps=2)


def test_defaults_are_those_of_the_algorithm_of_the_paper() -> None:
    assert find("recipe", NAME).defaults["train"]["batch_size"] == 64
    recipe = create("recipe", NAME, spec=small_gans.SPEC)
    assert (recipe.critic_steps, recipe.clip, recipe.warm_up_critic_steps) == (5, 0.01, 0)
    assert recipe.latents(2000).std().item() == pytest.approx(1, abs=0.01)


def test_a_clipped_critic_may_have_batch_norm() -> None:
    recipe = create("recipe", NAME, spec=small_gans.image_spec((16, 16), ("digits",)))
    assert any(isinstance(part, nn.BatchNorm2d) for part in recipe.critic.modules())
