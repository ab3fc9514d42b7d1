"""Uncertainty of a metric: quartiles of measurements and bootstrap confidence intervals."""

import statistics
from collections.abc import Sequence

import numpy as np


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the lower quartile, the median and the upper quartile."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def bootstrap_interval(
    values: Sequence[float], *, level: float = 0.95, resamples: int = 10_000, seed: int = 0
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean (Efron, 1979).

    Args:
        values: One metric value for each image.
        level: The confidence level, between 0 and 1.
        resamples: How often `values` are drawn with replacement.
        seed: Equal seeds give equal intervals.
    """
    resampled = np.random.default_rng(seed).choice(values, (resamples, len(values)))
    tail = (1 - level) / 2
    low, high = np.quantile(resampled.mean(1), [tail, 1 - tail])
    return float(low), float(high)
