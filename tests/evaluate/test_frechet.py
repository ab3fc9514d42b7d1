"""The Fréchet distance, by hand, by the textbook formula and by torchmetrics."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from translate.evaluate.frechet import Gaussian, fit_gaussian, frechet_distance


def test_the_distance_of_commuting_gaussians_is_that_of_their_deviations() -> None:
    first = Gaussian(np.array([1.0, 0.0]), np.diag([4.0, 9.0]))
    second = Gaussian(np.array([1.0, 3.0]), np.diag([1.0, 25.0]))
    assert frechet_distance(first, second) == pytest.approx(3**2 + (2 - 1) ** 2 + (3 - 5) ** 2)


def test_the_distance_of_gaussians_equals_the_textbook_formula() -> None:
    first, second = (f @ f.T for f in np.random.default_rng(0).normal(size=(2, 5, 5)))
    root = np.sqrt(np.linalg.eigvals(first @ second).astype(complex)).sum().real
    zero = np.zeros(5)
    distance = frechet_distance(Gaussian(zero, first), Gaussian(zero, second))
    assert distance == pytest.approx(np.trace(first) + np.trace(second) - 2 * root)


def test_equal_gaussians_have_distance_0_even_with_a_constant_feature() -> None:
    flat = Gaussian(np.ones(3), np.diag([2.0, 0.0, 1.0]))
    assert frechet_distance(flat, flat) == pytest.approx(0, abs=1e-12)


class FirstPixels(nn.Module):
    """Features of an image: its first four levels."""

    num_features = 4

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1)[:, :4].double()


def test_the_distance_of_features_equals_that_of_torchmetrics() -> None:
    random = np.random.default_rng(0)
    real, fake = (random.integers(0, high, (50, 3, 8, 8), np.uint8) for high in (256, 180))
    metric = FrechetInceptionDistance(feature=FirstPixels()).set_dtype(torch.float64)
    metric.update(torch.from_numpy(real), real=True)
    metric.update(torch.from_numpy(fake), real=False)
    features = (images.reshape(50, -1)[:, :4].astype(np.float64) for images in (real, fake))
    distance = frechet_distance(*map(fit_gaussian, features))
    assert distance == pytest.approx(float(metric.compute()), rel=1e-6)
