"""Quartiles by hand; bootstrap intervals against scipy and the normal approximation."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from scipy.stats import bootstrap


@pytest.fixture
def intervals(import_benchmark: Callable[[str], ModuleType]) -> ModuleType:
    return import_benchmark("intervals")


def test_quartiles_are_those_of_the_values_themselves(intervals: ModuleType) -> None:
    assert intervals.quartiles([4, 1, 3, 2, 5]) == (2, 3, 4)
    assert intervals.quartiles([7]) == (7, 7, 7)


def test_an_interval_equals_that_of_scipy(intervals: ModuleType) -> None:
    values = np.random.default_rng(1).exponential(size=40)
    expected = bootstrap((values,), np.mean, method="percentile", rng=2).confidence_interval
    assert intervals.bootstrap_interval(values.tolist()) == pytest.approx(tuple(expected), abs=0.02)


def test_an_interval_narrows_with_the_level_and_is_the_same_for_one_seed(
    intervals: ModuleType,
) -> None:
    values = list(range(50))
    wide, narrow = (intervals.bootstrap_interval(values, level=level) for level in (0.99, 0.5))
    assert wide[0] < narrow[0] < np.mean(values) < narrow[1] < wide[1]
    assert intervals.bootstrap_interval(values, seed=3) == intervals.bootstrap_interval(
        values, seed=3
    )
    assert intervals.bootstrap_interval([2.0, 2.0]) == (2.0, 2.0)
