"""Learning rates over training, beside numbers worked out by hand."""

import pytest
import torch
from torch import nn

from translate.engine.config import Train
from translate.engine.schedules import factor, set_rates


def factors(steps: int, schedule: str, decay_from: float = 0.5) -> list[float]:
    return [factor(step, steps, schedule, decay_from) for step in range(steps)]


def test_linear_falls_from_the_middle_and_never_reaches_nothing() -> None:
    # 1 - max(0, step + 1 - 4) / (4 + 1): four steps whole, then fifths
    assert factors(8, "linear") == pytest.approx([1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2])


def test_linear_is_the_authors_rule_in_steps_instead_of_epochs() -> None:
    constant, decaying = 100, 100  # n_epochs, n_epochs_decay, and epoch_count 1

    def lambda_rule(epoch: int) -> float:
        return 1.0 - max(0, epoch + 1 - constant) / float(decaying + 1)

    assert factors(200, "linear") == [lambda_rule(step) for step in range(200)]


def test_cosine_is_half_a_wave_over_the_same_steps() -> None:
    found = factors(8, "cosine")
    # (1 + cos(pi * k / 5)) / 2 for k = 1, 2, 3, 4
    assert found == pytest.approx([1, 1, 1, 1, 0.904508, 0.654508, 0.345492, 0.095492], abs=1e-6)


def test_cosine_over_the_whole_run_ends_near_nothing() -> None:
    found = factors(1000, "cosine", 0.0)
    assert found == sorted(found, reverse=True)
    assert found[0] == pytest.approx(1, abs=1e-5)
    assert 0 < found[-1] < 1e-5


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
@pytest.mark.parametrize("decay_from", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_a_rate_is_always_above_nothing_and_at_most_whole(
    schedule: str, decay_from: float, steps: int
) -> None:
    assert all(0 < f <= 1 for f in factors(steps, schedule, decay_from))


def test_constant_and_a_fall_that_begins_at_the_end_stay_whole() -> None:
    assert set(factors(9, "constant")) == {1.0}
    assert set(factors(9, "linear", 1.0)) == {1.0}


def test_each_group_falls_from_its_own_rate_however_often_it_is_set() -> None:
    first, second = (nn.Parameter(torch.zeros(1)) for _ in range(2))
    optimizer = torch.optim.SGD([{"params": [first], "lr": 0.1}, {"params": [second], "lr": 0.5}])
    for step in (0, 5, 5, 2):
        set_rates([optimizer], step, 8, Train(schedule="linear"))
        expected = factor(step, 8, "linear", 0.5)
        assert [g["lr"] for g in optimizer.param_groups] == pytest.approx(
            [0.1 * expected, 0.5 * expected]
        )
