"""Statistics of assigned classes, worked out by hand."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest


@pytest.fixture
def class_statistics(import_benchmark: Callable[[str], ModuleType]) -> ModuleType:
    return import_benchmark("class_statistics")


def test_the_entropy_of_two_equal_classes_is_the_logarithm_of_two(
    class_statistics: ModuleType,
) -> None:
    assert class_statistics.class_entropy(np.array([3, 3, 8, 8])) == pytest.approx(np.log(2))
    assert class_statistics.class_entropy(np.array([5, 5])) == 0


def test_a_class_counts_from_1_percent(
    class_statistics: ModuleType,
) -> None:
    assert class_statistics.covered_classes(np.array([0] * 98 + [1] * 1 + [2] * 1)) == 3
    assert class_statistics.covered_classes(np.array([0] * 198 + [1] * 1 + [2] * 1)) == 1


def test_purity_is_the_largest_fraction_of_each_cluster_and_counts_their_classes(
    class_statistics: ModuleType,
) -> None:
    clusters = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    labels = np.array([7, 7, 7, 1, 7, 7, 2, 3])
    assert class_statistics.purity(clusters, labels) == ((0.75 + 0.5) / 2, 1)
