"""A turn updates one player, and only by finite gradients."""

import pytest
import torch
from scalar_players import (
    ScalarPlayers,
    infinite_step,
    recipe_of_step,
    skipped_turns,
    take_one_step,
)
from torch import nn
from torch.optim import SGD, Adam, RMSprop
from two_player_recipe import TwoPlayers

from translate.batches import Images, ImageSpec
from translate.engine.optimization.step import take_turns
from translate.recipe import Turn


def test_a_step_by_hand() -> None:
    recipe = ScalarPlayers()
    result = take_one_step(recipe)
    # generator: m * j + m^2 / 2, slope j + m = 5, so 2 - 0.5; critic: -m * j with the new m = 1.5
    assert recipe.weights == (pytest.approx(1.5), pytest.approx(3 + 0.1 * 1.5))
    assert {name: loss.item() for name, loss in result.losses.items()} == {
        "generator/score": pytest.approx(6.0),
        "generator/size": pytest.approx(2.0),
        "critic/score": pytest.approx(-4.5),
    }
    assert result.norms["generator"].item() == pytest.approx(5.0)
    assert result.norms["critic"].item() == pytest.approx(1.5)
    assert skipped_turns(result) == {"generator": [False], "critic": [False]}


def test_a_turn_updates_one_player_although_the_loss_depends_on_both() -> None:
    weights_after = []

    def step(self, batch):
        yield Turn("critic", score=self.critic(self.generator(batch)))
        weights_after.append(self.weights)
        assert self.generator.weight.grad is None
        yield Turn("generator", score=self.critic(self.generator(batch)))
        weights_after.append(self.weights)

    recipe = recipe_of_step(step)
    take_one_step(recipe)
    after_critic, after_generator = weights_after
    assert after_critic == (2.0, pytest.approx(2.8))
    assert after_generator == (pytest.approx(2 - 0.28), after_critic[1])


def test_a_player_accumulates_no_gradient_in_the_turn_of_another_player() -> None:
    recipe = ScalarPlayers()
    optimizers = recipe.optimizers()
    for _ in range(3):
        result = take_one_step(recipe, optimizers=optimizers)
    assert result.norms["critic"].item() == pytest.approx(abs(recipe.generator.weight.item()))


def test_no_gradient_outlives_its_turn() -> None:
    recipe = ScalarPlayers()
    take_one_step(recipe)
    assert all(parameter.grad is None for parameter in recipe.parameters())


def test_a_loop_around_a_yield_is_several_turns() -> None:
    def step(self, batch):
        fake = self.generator(batch)  # turns of the critic do not update the generator
        for _ in range(5):
            yield Turn("critic", score=-self.critic(fake.detach()))
        yield Turn("generator", score=self.critic(fake))

    recipe = recipe_of_step(step)
    result = take_one_step(recipe)
    assert skipped_turns(result) == {"critic": 5 * [False], "generator": [False]}
    assert recipe.weights == (pytest.approx(2 - 0.1 * 4), pytest.approx(3 + 5 * 0.1 * 2))


def zero_times_infinity(self, batch):
    """Yield a finite loss with an infinite gradient: the square root at 0."""
    yield Turn("generator", score=(0 * self.generator(batch)).sqrt())
    yield Turn("critic", score=-self.critic(self.generator(batch)))


OPTIMIZERS = {
    "fused Adam": lambda p: Adam(p, lr=0.1, fused=True),
    "Adam": lambda p: Adam(p, lr=0.1),
    "SGD": lambda p: SGD(p, lr=0.1, momentum=0.9),
    "RMSprop": lambda p: RMSprop(p, lr=0.1),
}


@pytest.mark.parametrize("step", [infinite_step, zero_times_infinity])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_turn_that_is_not_finite_updates_nothing_and_the_next_one_does(kind, step) -> None:
    recipe = ScalarPlayers()
    optimizers = {
        n: OPTIMIZERS[kind](getattr(recipe, n).parameters()) for n in ("generator", "critic")
    }
    take_one_step(recipe, optimizers=optimizers)
    before = recipe.weights
    state = {
        k: v.clone() for k, v in optimizers["generator"].state[recipe.generator.weight].items()
    }
    recipe.step = step.__get__(recipe)
    result = take_one_step(recipe, optimizers=optimizers)
    assert skipped_turns(result) == {"generator": [True], "critic": [False]}
    assert recipe.generator.weight.item() == before[0]
    assert recipe.critic.weight.item() > before[1]
    for name, value in optimizers["generator"].state[recipe.generator.weight].items():
        assert torch.equal(value, state[name]), f"{name} moved"
    assert not hasattr(optimizers["generator"], "found_inf")
    recipe.step = ScalarPlayers.step.__get__(recipe)
    assert skipped_turns(take_one_step(recipe, optimizers=optimizers)) == {
        "generator": [False],
        "critic": [False],
    }
    assert recipe.generator.weight.item() != before[0]


def test_a_gradient_above_clip_norm_is_clipped_and_its_norm_is_logged() -> None:
    # the generator's gradient is 3 + 2, and its step is 0.1 times the clipped one
    recipe = ScalarPlayers()
    optimizers = {n: SGD(getattr(recipe, n).parameters(), lr=0.1) for n in ("generator", "critic")}
    result = take_one_step(recipe, optimizers=optimizers, clip_norm=1.5)
    assert recipe.generator.weight.item() == pytest.approx(2 - 0.1 * 1.5, abs=1e-5)
    assert float(result.norms["generator"]) == pytest.approx(5)
    for clip, norm in (({"generator": 1.5}, 1.5), ({"critic": 1.5}, 5), (30.0, 5), (None, 5)):
        recipe = ScalarPlayers()
        optimizers = {
            n: SGD(getattr(recipe, n).parameters(), lr=0.1) for n in ("generator", "critic")
        }
        take_one_step(recipe, optimizers=optimizers, clip_norm=clip)
        assert recipe.generator.weight.item() == pytest.approx(2 - 0.1 * norm, abs=1e-5), clip


def test_a_clipped_gradient_that_is_not_finite_updates_nothing() -> None:
    recipe = recipe_of_step(infinite_step)
    result = take_one_step(recipe, clip_norm=1.0)
    assert skipped_turns(result) == {"generator": [True], "critic": [False]}
    assert recipe.generator.weight.item() == 2.0


def test_a_frozen_player_is_not_updated_and_is_logged() -> None:
    recipe = ScalarPlayers()
    recipe.critic.requires_grad_(False)
    result = take_one_step(recipe)
    assert recipe.weights[1] == 3.0
    assert result.losses["critic/score"].item() == pytest.approx(-4.5)
    assert "critic" not in result.norms
    assert skipped_turns(result) == {"generator": [False]}


def test_a_parameter_without_a_gradient_is_not_updated() -> None:
    class UnusedParameter(ScalarPlayers):
        def __init__(self) -> None:
            super().__init__()
            self.unused = nn.Parameter(torch.ones(1))

        def optimizers(self):
            parameters = [self.unused, *self.generator.parameters()]
            return {**super().optimizers(), "generator": Adam(parameters, lr=0.1, fused=True)}

    recipe = UnusedParameter()
    take_one_step(recipe)
    assert recipe.unused.item() == 1.0
    assert recipe.weights[0] < 2.0


def test_bf16_runs_forward_in_bf16_and_keeps_weights_and_gradients_in_fp32() -> None:
    dtypes = []

    def step(self, batch):
        fake = self.generator(batch)
        dtypes.append(fake.dtype)
        yield Turn("generator", score=self.critic(fake).square())
        dtypes.append(self.generator(batch).dtype)

    recipe = recipe_of_step(step)
    result = take_one_step(recipe, precision=torch.bfloat16)
    assert dtypes == [torch.bfloat16, torch.bfloat16]
    assert recipe.generator.weight.dtype == result.norms["generator"].dtype == torch.float32
    # d/dm (m * j)^2 = 2 * m * j^2 = 36, which bf16 holds exactly
    assert recipe.weights[0] == pytest.approx(2 - 0.1 * 36)


def train_steps(
    two_players: type[TwoPlayers], fused: bool, bad: dict[int, set[str]], left_out: int | None
) -> TwoPlayers:
    """Take five steps; leave the turn of ``two`` out of one of them."""
    torch.manual_seed(0)
    recipe = two_players(ImageSpec(), fused=fused)
    optimizers = recipe.optimizers()
    two_players.nan_losses = bad
    for step in range(5):
        recipe.iteration = step
        recipe.two.requires_grad_(step != left_out)
        take_turns(recipe, Images(torch.full((1, 3, 2, 2), 0.1 * step)), optimizers)
    recipe.held = [o.state_dict()["state"] for o in optimizers.values()]  # type: ignore[assignment]
    return recipe


@pytest.mark.parametrize("fused", [True, False])
def test_T9_a_nan_turn_updates_neither_weights_nor_the_optimizer_state(
    fused: bool, two_players: type[TwoPlayers]
) -> None:
    skipping = train_steps(two_players, fused, {2: {"two"}}, None)
    expected = train_steps(two_players, fused, {}, 2)  # frozen at that step instead
    assert not torch.equal(
        skipping.two.weight, train_steps(two_players, fused, {}, None).two.weight
    )
    for key, tensor in expected.state_dict().items():
        assert torch.equal(skipping.state_dict()[key], tensor), key
    assert str(skipping.held) == str(expected.held)
