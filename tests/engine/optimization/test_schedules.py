"""Learning rates over training, against values computed by hand."""

from typing import Any

import pytest
import torch
from torch import nn

from translate.engine.config.schema import Train
from translate.engine.optimization.schedules import (
    Schedule,
    factor,
    player_factor,
    rate_changes,
    set_rates,
)


def factors(steps: int, schedule: str, decay_from: float = 0.5) -> list[float]:
    return [factor(step, steps, schedule, decay_from) for step in range(steps)]


def test_linear_decays_from_the_middle_and_never_reaches_zero() -> None:
    # 1 - max(0, step + 1 - 4) / (4 + 1): 1 for four steps, then fifths
    assert factors(8, "linear") == pytest.approx([1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2])


def test_cosine_decays_over_the_same_steps_as_linear() -> None:
    result = factors(8, "cosine")
    # (1 + cos(pi * k / 5)) / 2 for k = 1, 2, 3, 4
    assert result == pytest.approx([1, 1, 1, 1, 0.904508, 0.654508, 0.345492, 0.095492], abs=1e-6)


def test_cosine_over_the_whole_run_ends_near_zero() -> None:
    result = factors(1000, "cosine", 0.0)
    assert result == sorted(result, reverse=True)
    assert result[0] == pytest.approx(1, abs=1e-5)
    assert 0 < result[-1] < 1e-5


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
@pytest.mark.parametrize("decay_from", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_a_rate_factor_is_above_0_and_at_most_1(
    schedule: str, decay_from: float, steps: int
) -> None:
    assert all(0 < f <= 1 for f in factors(steps, schedule, decay_from))


def test_constant_and_a_decay_that_starts_at_the_end_keep_the_factor_1() -> None:
    assert set(factors(9, "constant")) == {1.0}
    assert set(factors(9, "linear", 1.0)) == {1.0}


def test_each_parameter_group_decays_from_its_own_initial_rate() -> None:
    first, second = (nn.Parameter(torch.zeros(1)) for _ in range(2))
    optimizer = torch.optim.SGD([{"params": [first], "lr": 0.1}, {"params": [second], "lr": 0.5}])
    for step in (0, 5, 5, 2):
        set_rates({"one": optimizer}, step, 8, Train(schedule="linear"))
        expected = factor(step, 8, "linear", 0.5)
        assert [g["lr"] for g in optimizer.param_groups] == pytest.approx(
            [0.1 * expected, 0.5 * expected]
        )


def rates(steps: int = 8, player: str = "one", **settings: Any) -> list[float]:
    train = Train(**{"schedule": "linear", **settings})
    return [player_factor(player, step, steps, train) for step in range(steps)]


def test_warm_up_rises_linearly_to_the_schedule_and_stays_above_zero() -> None:
    assert rates(warmup=4) == pytest.approx([0.25, 0.5, 0.75, 1, 0.8, 0.6, 0.4, 0.2])
    assert rates(warmup=6) == pytest.approx([k / 6 * f for k, f in zip(
        [1, 2, 3, 4, 5, 6, 6, 6], factors(8, "linear"), strict=True)])  # fmt: skip


def test_after_the_steps_of_a_schedule_its_last_rate_is_kept() -> None:
    assert rates(12, schedule_steps=8) == pytest.approx([*factors(8, "linear"), *[0.2] * 4])
    assert rates(4, schedule_steps=8) == pytest.approx(factors(8, "linear")[:4])


def test_players_have_their_own_schedules_and_constant_is_the_default() -> None:
    schedule = {"one": "cosine", "two": "linear"}
    assert rates(player="one", schedule=schedule) == factors(8, "cosine")
    assert rates(player="two", schedule=schedule) == factors(8, "linear")
    assert rates(player="three", schedule=schedule) == [1.0] * 8


def messages_of_resume(now: Schedule, before: Schedule, step: int, lr: float = 2e-4) -> list[str]:
    """Return the messages about a resume at `step` of a run of two players with a rate of 2e-4."""
    optimizers = {n: torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr) for n in ("one", "two")}
    saved = {n: {"param_groups": [{"initial_lr": 2e-4, "lr": 2e-4 * player_factor(
        n, step - 1, *before)}]} for n in optimizers}  # fmt: skip
    return rate_changes(optimizers, saved, step, before, now)


def test_case_24_a_stretched_schedule_is_reported_with_both_rates_and_the_setting() -> None:
    linear = Train(schedule="linear")
    assert messages_of_resume(Schedule(16, linear), Schedule(8, linear), 8) == [
        "the learning rate goes back from 4e-05 to 1.8e-04: the schedule now ends at step 16; "
        "--set train.schedule_steps=8 keeps the schedule of 8 steps"
    ]
    fixed_length = Train(schedule="linear", schedule_steps=8)
    assert messages_of_resume(Schedule(16, fixed_length), Schedule(8, linear), 8) == []
    assert messages_of_resume(Schedule(8, linear), Schedule(8, linear), 6) == []
    assert messages_of_resume(Schedule(16, Train()), Schedule(8, Train()), 8) == []
    of_one_player = Train(schedule={"one": "linear"})
    (line,) = messages_of_resume(Schedule(12, of_one_player), Schedule(8, of_one_player), 7)
    assert line.startswith("the learning rate of one goes back from 8e-05 to 1.4e-04: ")


def test_rates_that_a_fork_sets_are_reported() -> None:
    same = Schedule(8, Train())
    assert messages_of_resume(same, same, 4, lr=1e-6) == [
        "the learning rate falls from 2e-04 to 1e-06"
    ]
    assert messages_of_resume(same, same, 4, lr=1e-3) == [
        "the learning rate rises from 2e-04 to 1e-03"
    ]
    assert messages_of_resume(same, same, 0, lr=1e-3) == []
