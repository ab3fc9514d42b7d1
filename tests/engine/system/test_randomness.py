"""Global random generators are seeded, saved and restored."""

import random

import numpy as np
import pytest
import torch

from translate.engine.system import randomness


def draw() -> list[float]:
    """Draw numbers from each global generator."""
    return [random.random(), random.gauss(), float(np.random.normal()), float(torch.rand(()))]


def test_a_seed_determines_every_generator() -> None:
    randomness.seed_everything(3)
    first = draw()
    randomness.seed_everything(4)
    assert not set(first) & set(draw())
    randomness.seed_everything(3)
    assert draw() == first


@pytest.mark.parametrize("draws_before", [0, 1])  # a second normal number is cached now
def test_a_restored_state_continues_with_the_same_numbers(draws_before: int) -> None:
    for _ in range(draws_before):
        draw()
    state = randomness.random_state()
    expected = [draw(), draw()]
    randomness.restore_random_state(state)
    assert [draw(), draw()] == expected


def test_deterministic_algorithms_are_on_only_within_the_block() -> None:
    with randomness.deterministic(True):
        assert torch.are_deterministic_algorithms_enabled()
    assert not torch.are_deterministic_algorithms_enabled()
    with randomness.deterministic(False):
        assert not torch.are_deterministic_algorithms_enabled()
