"""Diversity within groups, worked out by hand."""

import numpy as np
import pytest

from translate.evaluate.diversity import mean_pairwise_distance


def test_the_distance_within_groups_is_a_mean_over_pairs_then_over_groups() -> None:
    one, three = (np.full((1, 1, 1), level, np.uint8) for level in (1, 3))
    groups = [np.stack([one, three, three]), np.stack([one, one])]
    assert mean_pairwise_distance(groups) == pytest.approx(((2 + 2 + 0) / 3 + 0) / 2)
