"""Quartiles by hand; bootstrap intervals against scipy and the normal approximation."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from translate.evaluate.intervals import bootstrap_interval, quartiles


def test_quartiles_are_those_of_the_values_themselves() -> None:
    assert quartiles([4, 1, 3, 2, 5]) == (2, 3, 4)
    assert quartiles([7]) == (7, 7, 7)


def test_an_interval_equals_that_of_scipy() -> None:
    values = np.random.default_rng(1).exponential(size=40)
    expected = bootstrap((values,), np.mean, method="percentile", rng=2).confidence_interval
    assert bootstrap_interval(values.tolist()) == pytest.approx(tuple(expected), abs=0.02)


def test_an_interval_narrows_with_the_level_and_is_the_same_for_one_seed() -> None:
    values = list(range(50))
    wide, narrow = (bootstrap_interval(values, level=level) for level in (0.99, 0.5))
    assert wide[0] < narrow[0] < np.mean(values) < narrow[1] < wide[1]
    assert bootstrap_interval(values, seed=3) == bootstrap_interval(values, seed=3)
    assert bootstrap_interval([2.0, 2.0]) == (2.0, 2.0)
