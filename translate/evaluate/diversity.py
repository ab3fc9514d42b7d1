"""Diversity of images that were generated for one condition."""

from collections.abc import Iterable
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray


def mean_pairwise_distance(groups: Iterable[NDArray[Any]]) -> float:
    """Return the mean Euclidean distance of two images of one group, averaged over groups.

    Args:
        groups: Arrays (N, ...), each the images of one condition, at least two.
    """
    means = []
    for images in groups:
        flat = images.reshape(len(images), -1).astype(np.float64)
        means.append(np.mean([np.linalg.norm(a - b) for a, b in combinations(flat, 2)]))
    return float(np.mean(means))
