"""Statistics of the classes that a classifier assigns to generated images."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def covered_classes(labels: NDArray[Any], *, minimum: float = 0.01) -> int:
    """Return how many classes have at least the fraction `minimum` of all `labels` (N,)."""
    return int((np.bincount(labels) >= minimum * len(labels)).sum())


def class_entropy(labels: NDArray[Any]) -> float:
    """Return the entropy of the distribution of `labels` (N,) in nats; log(K) where K are equal."""
    fractions = np.bincount(labels) / len(labels)
    fractions = fractions[fractions > 0]
    return float((fractions * np.log(1 / fractions)).sum())


def purity(clusters: NDArray[Any], labels: NDArray[Any]) -> tuple[float, int]:
    """Return how well each cluster keeps to one class.

    Args:
        clusters: (N,), such as the categorical code that an image is generated from.
        labels: (N,), the class of each image.

    Returns:
        The fraction of each cluster's most frequent class, mean over clusters; and how many
        different classes these are.
    """
    counts = [np.bincount(labels[clusters == cluster]) for cluster in np.unique(clusters)]
    fraction = float(np.mean([count.max() / count.sum() for count in counts]))
    return fraction, len({int(count.argmax()) for count in counts})
