"""Statistics of assigned classes, worked out by hand."""

import numpy as np
import pytest

from translate.evaluate.class_statistics import class_entropy, covered_classes, purity


def test_the_entropy_of_two_equal_classes_is_the_logarithm_of_two() -> None:
    assert class_entropy(np.array([3, 3, 8, 8])) == pytest.approx(np.log(2))
    assert class_entropy(np.array([5, 5])) == 0


def test_a_class_counts_from_1_percent() -> None:
    assert covered_classes(np.array([0] * 98 + [1] * 1 + [2] * 1)) == 3
    assert covered_classes(np.array([0] * 198 + [1] * 1 + [2] * 1)) == 1


def test_purity_is_the_largest_fraction_of_each_cluster_and_counts_their_classes() -> None:
    clusters = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    labels = np.array([7, 7, 7, 1, 7, 7, 2, 3])
    assert purity(clusters, labels) == ((0.75 + 0.5) / 2, 1)
