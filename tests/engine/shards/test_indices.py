"""Indices in the form of `sbatch --array`."""

import pytest

from translate.engine.shards.indices import format_indices


@pytest.mark.parametrize(
    ("indices", "text"),
    [([], ""), ([3], "3"), ([17, 3, 20, 21, 22, 23, 24], "3,17,20-24"), ([0, 1], "0-1")],
)
def test_indices_that_follow_each_other_are_ranges(indices: list[int], text: str) -> None:
    assert format_indices(indices) == text
