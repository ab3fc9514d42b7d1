"""A turn updates one player by finite gradients, and broken rules of `yield` are named."""

import math

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, RMSprop
from two_player_recipe import TwoPlayers

from translate.batches import Images, ImageSpec
from translate.engine.optimization.step import Guard, StepResult, take_turns
from translate.errors import (
    PluginError,
    TrainingError,
    TranslateError,
)
from translate.recipe import Recipe, Turn, adam


class ScalarPlayers(Recipe):
    """Two scalar players: the value of ``maker`` is multiplied by that of ``judge``."""

    def __init__(self) -> None:
        super().__init__()
        self.maker, self.judge = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        with torch.no_grad():
            self.maker.weight.fill_(2.0)
            self.judge.weight.fill_(3.0)

    def optimizers(self):
        return {
            "maker": SGD(self.maker.parameters(), lr=0.1),
            "judge": SGD(self.judge.parameters(), lr=0.1),
        }

    def step(self, batch):
        fake = self.maker(batch)
        yield Turn("maker", score=self.judge(fake), size=0.5 * fake.square())
        yield Turn("judge", score=-self.judge(self.maker(batch)))

    @property
    def weights(self) -> tuple[float, float]:
        return self.maker.weight.item(), self.judge.weight.item()


ONE = torch.ones(1, 1)


def take_one_step(recipe: Recipe, *, optimizers=None, batch=ONE, **options):
    """Take one step of `recipe`."""
    return take_turns(recipe, batch, optimizers or recipe.optimizers(), **options)


def skipped(result: StepResult) -> dict[str, list[bool]]:
    """Return the skipped turns as plain values."""
    return {player: [bool(bad) for bad in turns] for player, turns in result.skipped.items()}


def with_step(step, **members) -> ScalarPlayers:
    """Return the recipe with another step."""
    return type("Scalars", (ScalarPlayers,), {"step": step, **members})()


def test_a_step_by_hand() -> None:
    recipe = ScalarPlayers()
    result = take_one_step(recipe)
    # maker: m * j + m^2 / 2, slope j + m = 5, so 2 - 0.5; judge: -m * j with the new m = 1.5
    assert recipe.weights == (pytest.approx(1.5), pytest.approx(3 + 0.1 * 1.5))
    assert {name: loss.item() for name, loss in result.losses.items()} == {
        "maker/score": pytest.approx(6.0),
        "maker/size": pytest.approx(2.0),
        "judge/score": pytest.approx(-4.5),
    }
    assert result.norms["maker"].item() == pytest.approx(5.0)
    assert result.norms["judge"].item() == pytest.approx(1.5)
    assert skipped(result) == {"maker": [False], "judge": [False]}


def test_a_turn_minimises_the_sum_of_its_means() -> None:
    turn = Turn("maker", one=torch.tensor([1.0, 3.0]), other=torch.tensor(10.0))
    assert turn.total.item() == 12.0
    with pytest.raises(TranslateError, match="the turn of 'maker' has no losses"):
        Turn("maker")


def test_a_turn_updates_one_player_although_the_loss_depends_on_both() -> None:
    weights_after = []

    def step(self, batch):
        yield Turn("judge", score=self.judge(self.maker(batch)))
        weights_after.append(self.weights)
        assert self.maker.weight.grad is None
        yield Turn("maker", score=self.judge(self.maker(batch)))
        weights_after.append(self.weights)

    recipe = with_step(step)
    take_one_step(recipe)
    after_judge, after_maker = weights_after
    assert after_judge == (2.0, pytest.approx(2.8))
    assert after_maker == (pytest.approx(2 - 0.28), after_judge[1])


def test_a_player_accumulates_no_gradient_in_the_other_players_turn() -> None:
    recipe = ScalarPlayers()
    optimizers = recipe.optimizers()
    for _ in range(3):
        result = take_one_step(recipe, optimizers=optimizers)
    assert result.norms["judge"].item() == pytest.approx(abs(recipe.maker.weight.item()))


def test_no_gradient_outlives_its_turn() -> None:
    recipe = ScalarPlayers()
    take_one_step(recipe)
    assert all(parameter.grad is None for parameter in recipe.parameters())


def test_a_loop_around_a_yield_is_several_turns() -> None:
    def step(self, batch):
        fake = self.maker(batch)  # turns of the judge do not update the maker
        for _ in range(5):
            yield Turn("judge", score=-self.judge(fake.detach()))
        yield Turn("maker", score=self.judge(fake))

    recipe = with_step(step)
    result = take_one_step(recipe)
    assert skipped(result) == {"judge": 5 * [False], "maker": [False]}
    assert recipe.weights == (pytest.approx(2 - 0.1 * 4), pytest.approx(3 + 5 * 0.1 * 2))


def blow_up(self, batch):
    yield Turn("maker", score=self.judge(self.maker(batch)) * math.inf)
    yield Turn("judge", score=-self.judge(self.maker(batch)))


def zero_times_infinity(self, batch):
    """Yield a finite loss with an infinite gradient: the square root at 0."""
    yield Turn("maker", score=(0 * self.maker(batch)).sqrt())
    yield Turn("judge", score=-self.judge(self.maker(batch)))


OPTIMIZERS = {
    "fused Adam": lambda p: Adam(p, lr=0.1, fused=True),
    "Adam": lambda p: Adam(p, lr=0.1),
    "SGD": lambda p: SGD(p, lr=0.1, momentum=0.9),
    "RMSprop": lambda p: RMSprop(p, lr=0.1),
}


@pytest.mark.parametrize("step", [blow_up, zero_times_infinity])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_turn_that_is_not_finite_updates_nothing_and_the_next_one_does(kind, step) -> None:
    recipe = ScalarPlayers()
    optimizers = {n: OPTIMIZERS[kind](getattr(recipe, n).parameters()) for n in ("maker", "judge")}
    take_one_step(recipe, optimizers=optimizers)
    before = recipe.weights
    state = {k: v.clone() for k, v in optimizers["maker"].state[recipe.maker.weight].items()}
    recipe.step = step.__get__(recipe)
    result = take_one_step(recipe, optimizers=optimizers)
    assert skipped(result) == {"maker": [True], "judge": [False]}
    assert recipe.maker.weight.item() == before[0]
    assert recipe.judge.weight.item() > before[1]
    for name, value in optimizers["maker"].state[recipe.maker.weight].items():
        assert torch.equal(value, state[name]), f"{name} moved"
    assert not hasattr(optimizers["maker"], "found_inf")
    recipe.step = ScalarPlayers.step.__get__(recipe)
    assert skipped(take_one_step(recipe, optimizers=optimizers)) == {
        "maker": [False],
        "judge": [False],
    }
    assert recipe.maker.weight.item() != before[0]


def test_a_gradient_above_clip_norm_is_clipped_and_its_norm_is_logged() -> None:
    # the maker's gradient is 3 + 2, and its step is 0.1 times the clipped one
    recipe = ScalarPlayers()
    optimizers = {n: SGD(getattr(recipe, n).parameters(), lr=0.1) for n in ("maker", "judge")}
    result = take_one_step(recipe, optimizers=optimizers, clip_norm=1.5)
    assert recipe.maker.weight.item() == pytest.approx(2 - 0.1 * 1.5, abs=1e-5)
    assert float(result.norms["maker"]) == pytest.approx(5)
    for clip, left in (({"maker": 1.5}, 1.5), ({"judge": 1.5}, 5), (30.0, 5), (None, 5)):
        recipe = ScalarPlayers()
        optimizers = {n: SGD(getattr(recipe, n).parameters(), lr=0.1) for n in ("maker", "judge")}
        take_one_step(recipe, optimizers=optimizers, clip_norm=clip)
        assert recipe.maker.weight.item() == pytest.approx(2 - 0.1 * left, abs=1e-5), clip


def test_a_clipped_gradient_that_is_not_finite_updates_nothing() -> None:
    recipe = with_step(blow_up)
    result = take_one_step(recipe, clip_norm=1.0)
    assert skipped(result) == {"maker": [True], "judge": [False]}
    assert recipe.maker.weight.item() == 2.0


def test_the_guard_stops_after_that_many_bad_turns_of_a_player_in_a_row() -> None:
    bad, good = torch.tensor(True), torch.tensor(False)
    guard = Guard(3, torch.device("cpu"))
    for turns in (
        {"maker": [bad], "judge": [good]},
        {"maker": [bad, good], "judge": [good]},  # its count starts again
        {"maker": [bad], "judge": [bad]},
        {"maker": [bad]},
    ):
        guard.count(StepResult(skipped=turns))
        guard.check()
    assert int(guard.total) == 5
    guard.count(StepResult(skipped={"maker": [bad], "judge": [good]}))
    with pytest.raises(TrainingError, match="the last 3 turns of 'maker' had losses") as error:
        guard.check()
    assert error.value.exit_code == 5


def test_an_unknown_player_is_refused_with_the_nearest_name() -> None:
    def step(self, batch):
        yield Turn("makr", score=self.maker(batch))

    with pytest.raises(PluginError, match=r"no optimizer is called 'makr'\. Did you mean 'maker'"):
        take_one_step(with_step(step))


def test_a_yield_without_a_turn_is_refused() -> None:
    def step(self, batch):
        yield self.maker(batch)

    with pytest.raises(PluginError, match=r"Scalars.step yielded tensor.*, which is no Turn"):
        take_one_step(with_step(step))


def no_grad(self, batch):
    with torch.no_grad():
        yield Turn("maker", score=self.maker(batch))


def inference(self, batch):
    with torch.inference_mode():
        yield Turn("maker", score=self.maker(batch))


def autocast(self, batch):
    with torch.autocast("cpu", torch.bfloat16):
        yield Turn("maker", score=self.maker(batch))


def forgets_to_switch_back(self, batch):
    torch.set_grad_enabled(False)
    yield Turn("maker", score=self.maker(batch))


def enables_at_the_end(self, batch):
    yield Turn("maker", score=self.maker(batch))
    torch.set_grad_enabled(False)


@pytest.mark.parametrize(
    "step", [no_grad, inference, autocast, forgets_to_switch_back, enables_at_the_end]
)
def test_a_yield_inside_a_mode_is_refused_and_the_mode_does_not_leak(step) -> None:
    with pytest.raises(PluginError, match=r"Scalars.step yields inside `with torch.no_grad\(\)`"):
        take_one_step(with_step(step))
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()
    assert not torch.is_autocast_enabled("cpu")
    take_one_step(ScalarPlayers())  # and the next recipe can train


def test_modes_that_close_before_the_yield_are_accepted() -> None:
    def step(self, batch):
        with torch.no_grad():
            self.maker(batch)
        with torch.autocast("cpu", torch.bfloat16):
            score = self.maker(batch)
        yield Turn("maker", score=score)
        with torch.no_grad():
            self.maker.weight.clamp_(-0.5, 0.5)

    recipe = with_step(step)
    take_one_step(recipe)
    assert recipe.weights[0] == 0.5


def test_a_loss_computed_before_an_update_is_explained() -> None:
    def step(self, batch):
        fake = self.maker(batch)
        score = self.judge(fake) * self.judge.weight
        yield Turn("judge", score=-self.judge(fake.detach()))
        yield Turn("maker", score=score)  # with a graph through the judge before its update

    with pytest.raises(PluginError, match=r"Scalars, turn of 'maker': a loss was computed before"):
        take_one_step(with_step(step))


def test_a_graph_that_two_turns_share_is_explained() -> None:
    def step(self, batch):
        score = self.judge(self.maker(batch)).square()
        yield Turn("maker", score=score)
        yield Turn("maker", score=score)

    with pytest.raises(PluginError, match="turn of 'maker': two turns share one graph"):
        take_one_step(with_step(step))


def test_a_loss_without_a_graph_is_explained() -> None:
    def step(self, batch):
        yield Turn("maker", score=self.maker(batch).detach())

    with pytest.raises(PluginError, match="turn of 'maker': no loss depends on any network"):
        take_one_step(with_step(step))


def test_G12_an_error_in_a_recipe_names_its_line_and_keeps_its_traceback() -> None:
    def step(self, batch):
        yield Turn("maker", score=self.maker(torch.cat([batch, batch], 1)))

    with pytest.raises(PluginError, match="mat1 and mat2 shapes cannot be multiplied") as error:
        take_one_step(with_step(step))
    line = step.__code__.co_firstlineno + 1
    assert f"{__file__}, line {line}: `yield Turn(" in str(error.value)
    assert "`step` must yield a Turn" in str(error.value)
    assert isinstance(error.value.__cause__, RuntimeError)


def test_G12_a_step_that_returns_is_told_to_yield() -> None:
    def returns_a_turn(self, batch):
        return Turn("maker", score=self.maker(batch))

    def returns_nothing(self, batch):
        self.maker(batch)

    for step in (returns_a_turn, returns_nothing):
        with pytest.raises(PluginError, match="a step must yield a Turn") as error:
            take_one_step(with_step(step))
        assert f"{__file__}, line {step.__code__.co_firstlineno}" in str(error.value)


def test_G12_a_loss_that_is_no_tensor_names_the_line_of_the_yield() -> None:
    def step(self, batch):
        self.maker(batch)
        yield Turn("maker", score="low")

    with pytest.raises(PluginError, match="AttributeError") as error:
        take_one_step(with_step(step))
    assert f"line {step.__code__.co_firstlineno + 2}" in str(error.value)


def test_a_frozen_player_is_not_updated_and_is_logged() -> None:
    recipe = ScalarPlayers()
    recipe.judge.requires_grad_(False)
    result = take_one_step(recipe)
    assert recipe.weights[1] == 3.0
    assert result.losses["judge/score"].item() == pytest.approx(-4.5)
    assert "judge" not in result.norms
    assert skipped(result) == {"maker": [False]}


def test_a_parameter_without_a_gradient_stays() -> None:
    class Loose(ScalarPlayers):
        def __init__(self) -> None:
            super().__init__()
            self.loose = nn.Parameter(torch.ones(1))

        def optimizers(self):
            both = [self.loose, *self.maker.parameters()]
            return {**super().optimizers(), "maker": Adam(both, lr=0.1, fused=True)}

    recipe = Loose()
    take_one_step(recipe)
    assert recipe.loose.item() == 1.0
    assert recipe.weights[0] < 2.0


def test_bf16_runs_forward_in_bf16_and_keeps_weights_and_gradients_in_fp32() -> None:
    dtypes = []

    def step(self, batch):
        fake = self.maker(batch)
        dtypes.append(fake.dtype)
        yield Turn("maker", score=self.judge(fake).square())
        dtypes.append(self.maker(batch).dtype)

    recipe = with_step(step)
    result = take_one_step(recipe, precision=torch.bfloat16)
    assert dtypes == [torch.bfloat16, torch.bfloat16]
    assert recipe.maker.weight.dtype == result.norms["maker"].dtype == torch.float32
    # d/dm (m * j)^2 = 2 * m * j^2 = 36, which bf16 holds exactly
    assert recipe.weights[0] == pytest.approx(2 - 0.1 * 36)


def test_adam_is_fused_and_updates_all_given_networks() -> None:
    one, other = nn.Linear(1, 1), nn.Linear(1, 1)
    optimizer = adam(one, other, lr=0.01)
    (group,) = optimizer.param_groups
    assert len(group["params"]) == 4
    assert (group["lr"], group["betas"], group["fused"]) == (0.01, (0.5, 0.999), True)


def train_steps(
    two_players: type[TwoPlayers], fused: bool, bad: dict[int, set[str]], left_out: int | None
) -> TwoPlayers:
    """Take five steps; leave the turn of ``two`` out of one of them."""
    torch.manual_seed(0)
    recipe = two_players(ImageSpec(), fused=fused)
    optimizers = recipe.optimizers()
    two_players.bad = bad
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
    skipped = train_steps(two_players, fused, {2: {"two"}}, None)
    expected = train_steps(two_players, fused, {}, 2)  # frozen at that step instead
    assert not torch.equal(skipped.two.weight, train_steps(two_players, fused, {}, None).two.weight)
    for key, tensor in expected.state_dict().items():
        assert torch.equal(skipped.state_dict()[key], tensor), key
    assert str(skipped.held) == str(expected.held)


def test_the_guard_counts_consecutive_turns_only() -> None:
    guard = Guard(2, torch.device("cpu"))
    bad, good = torch.tensor(True), torch.tensor(False)
    for one, two in ((bad, good), (good, bad), (bad, good)):
        guard.count(StepResult(skipped={"one": [one], "two": [two]}))
    guard.check()
    assert guard.total == 3
    guard.count(StepResult(skipped={"one": [bad], "two": [good]}))
    with pytest.raises(TrainingError):
        guard.check()
