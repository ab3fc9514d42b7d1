"""Fréchet distance of two sets of features (Heusel et al., 2017).

The matrix square root is taken by symmetric eigenvalue decompositions, in float64: torchmetrics,
which the tests compare with, is no dependency of an installation.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Gaussian(NamedTuple):
    """Mean and covariance of a set of features."""

    mean: NDArray[np.float64]
    """(D,)"""
    covariance: NDArray[np.float64]
    """(D, D)"""


def fit_gaussian(features: NDArray[np.float64]) -> Gaussian:
    """Return the mean and the unbiased covariance of features (N, D)."""
    return Gaussian(features.mean(0), np.cov(features, rowvar=False))


def frechet_distance(first: Gaussian, second: Gaussian) -> float:
    """Return the squared Fréchet distance of two Gaussians (Dowson and Landau, 1982).

    The trace of the square root of a product A B of covariances is the sum of the square roots of
    the eigenvalues of the symmetric matrix A^½ B A^½.
    """
    values, vectors = np.linalg.eigh(first.covariance)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    common = np.sqrt(np.linalg.eigvalsh(root @ second.covariance @ root).clip(0)).sum()
    between_means = np.square(first.mean - second.mean).sum()
    spread = np.trace(first.covariance) + np.trace(second.covariance) - 2 * common
    return float(between_means + spread)
