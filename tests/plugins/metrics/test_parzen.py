"""The Parzen window estimate: SciPy's density, the bandwidth that is chosen, and limits."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from torch import Tensor

from translate.metrics import Metric
from translate.registry import create
from translate_plugins.metrics.parzen import BANDWIDTHS, log_density

NAME = "parzen-log-likelihood"


def of_images(fake: Tensor, real: Tensor) -> float:
    metric: Metric = create("metric", NAME)
    metric.update({"fake": fake})
    metric.update({"real": real})
    return metric.compute()[NAME]


def noise(count: int, seed: int, spread: float) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 127.5 + 255 * spread * torch.randn(count, 1, 2, 2, generator=generator)


def test_the_density_is_a_mean_of_gaussians() -> None:
    random = np.random.default_rng(0)
    points, centres = random.normal(size=(5, 3)), random.normal(size=(4, 3))
    densities = [multivariate_normal(centre, 0.3**2).pdf(points) for centre in centres]
    squares = torch.cdist(torch.from_numpy(points), torch.from_numpy(centres)).square()
    found = log_density(squares, 0.3, 3)
    np.testing.assert_allclose(found.numpy(), np.log(np.mean(densities, 0)), rtol=1e-9)


def test_many_samples_of_the_same_gaussian_come_near_its_likelihood() -> None:
    found = of_images(noise(2000, 0, 0.1), noise(200, 1, 0.1))
    negative_entropy = -4 * (0.5 * math.log(2 * math.pi * math.e) + math.log(0.1))
    assert negative_entropy - 0.5 < found < negative_entropy + 0.2
    assert of_images(noise(2000, 0, 0.3), noise(200, 1, 0.1)) < found - 1


def test_the_bandwidth_is_the_best_for_half_of_the_real_images() -> None:
    fake, real = noise(50, 0, 0.1), noise(40, 1, 0.1)
    order = sorted(range(40), key=lambda i: (real[i] / 255).flatten().double().tolist())
    squares = torch.cdist(*((x / 255).flatten(1).double() for x in (real[order], fake))).square()
    half, rest = squares[::2], squares[1::2]
    best = max(BANDWIDTHS, key=lambda h: log_density(half, h, 4).mean().item())
    assert BANDWIDTHS[0] < best < BANDWIDTHS[-1]
    expected = log_density(rest, best, 4).mean().item()
    assert of_images(fake, real) == pytest.approx(expected, rel=1e-4)


def test_one_real_image_is_undefined_and_equal_images_are_finite() -> None:
    assert math.isnan(of_images(noise(3, 0, 0.1), noise(1, 1, 0.1)))
    same = torch.full((4, 3, 64, 64), 30.0)
    assert math.isfinite(of_images(same, same))
