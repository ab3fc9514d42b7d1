"""The Parzen window estimate has the density of SciPy and the best bandwidth."""

import math

import numpy as np
import pytest
import torch
from metric_values import value_of
from scipy.stats import multivariate_normal
from torch import Tensor

from translate_plugins.metrics.parzen import BANDWIDTHS, log_density


def log_likelihood(fake: Tensor, real: Tensor) -> float:
    return value_of("parzen-log-likelihood", fake=fake, real=real)


def noise(count: int, seed: int, deviation: float) -> Tensor:
    """Return Gaussian images (N, 1, 2, 2) with this standard deviation in units of 255 levels."""
    generator = torch.Generator().manual_seed(seed)
    return 127.5 + 255 * deviation * torch.randn(count, 1, 2, 2, generator=generator)


def test_the_density_is_a_mean_of_gaussians() -> None:
    random = np.random.default_rng(0)
    points, centres = random.normal(size=(5, 3)), random.normal(size=(4, 3))
    densities = [multivariate_normal(centre, 0.3**2).pdf(points) for centre in centres]
    squares = torch.cdist(torch.from_numpy(points), torch.from_numpy(centres)).square()
    density = log_density(squares, 0.3, 3)
    np.testing.assert_allclose(density.numpy(), np.log(np.mean(densities, 0)), rtol=1e-9)


def test_the_bandwidth_is_the_best_for_half_of_the_real_images() -> None:
    fake, real = noise(50, 0, 0.1), noise(40, 1, 0.1)
    order = sorted(range(40), key=lambda i: (real[i] / 255).flatten().double().tolist())
    squares = torch.cdist(*((x / 255).flatten(1).double() for x in (real[order], fake))).square()
    validation, test = squares[::2], squares[1::2]
    best = max(BANDWIDTHS, key=lambda h: log_density(validation, h, 4).mean().item())
    assert BANDWIDTHS[0] < best < BANDWIDTHS[-1]
    expected = log_density(test, best, 4).mean().item()
    assert log_likelihood(fake, real) == pytest.approx(expected, rel=1e-4)


def test_the_estimate_is_undefined_for_one_real_image_and_finite_for_equal_images() -> None:
    assert math.isnan(log_likelihood(noise(3, 0, 0.1), noise(1, 1, 0.1)))
    equal = torch.full((4, 3, 64, 64), 30.0)
    assert math.isfinite(log_likelihood(equal, equal))
