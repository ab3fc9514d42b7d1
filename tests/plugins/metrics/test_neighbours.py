"""Precision, recall, density and coverage: torch-fidelity's values, a plane of points, limits."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch_fidelity.metric_prc import prc_features_to_metric

from translate.batches import Domain
from translate.metrics import Metric
from translate.registry import create
from translate_plugins.metrics.features import lite0

NAMES = ("precision-lite0", "recall-lite0", "density-lite0", "coverage-lite0")


def images(count: int, *, seed: int, level: int = 256) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, level, (count, 3, 16, 16), generator=generator).float()


def measured(name: str, fake: Tensor, real: Tensor, **options: int) -> Metric:
    metric: Metric = create("metric", {"name": name, **options})
    metric.update({"fake": fake})
    metric.update({"real": real})
    return metric


def of_points(name: str, fake: Tensor, real: Tensor, **options: int) -> float:
    """Return the value of points (N, D) that stand for the features of images."""
    metric: Metric = create("metric", {"name": name, **options})
    metric.add("fake", features=fake)
    metric.add("real", features=real)
    return metric.compute()[name]


@pytest.mark.parametrize("neighbours", [1, 3])
def test_precision_and_recall_are_torch_fidelitys(neighbours: int) -> None:
    fake, real = images(9, seed=1), images(11, seed=2, level=250)
    features = [lite0()(each, Domain("")) for each in (fake, real)]
    expected = prc_features_to_metric(*features, prc_neighborhood=neighbours, verbose=False)
    assert 0 < expected["precision"] < 1 or 0 < expected["recall"] < 1
    for name in ("precision", "recall"):
        found = measured(f"{name}-lite0", fake, real, neighbours=neighbours).compute()
        assert found[f"{name}-lite0"] == pytest.approx(expected[name], rel=1e-4)


def test_density_and_coverage_of_points_on_a_line_are_those_by_hand() -> None:
    real = torch.tensor([[0.0], [1.0], [3.0], [10.0]])  # radii to the nearest: 1, 1, 2, 7
    fake = torch.tensor([[0.5], [0.6], [5.5]])
    # in real neighbourhoods: 0.5 in those of 0 and 1, 0.6 too, 5.5 in that of 10
    assert of_points("density-lite0", fake, real, neighbours=1) == pytest.approx(5 / 3)
    assert of_points("coverage-lite0", fake, real, neighbours=1) == pytest.approx(3 / 4)
    assert of_points("precision-lite0", fake, real, neighbours=1) == 1
    # radii of fake: .1, .1, 4.9; 0 and 1 are in none but that of 5.5, from .6 to 10.4
    assert of_points("recall-lite0", fake, real, neighbours=1) == pytest.approx(3 / 4)


def test_naeems_values_are_those_of_numpy() -> None:
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(40, 4)), random.normal(0.3, 1.2, size=(30, 4))
    between = np.linalg.norm(real[:, None] - fake[None], axis=2)
    own = np.sort(np.linalg.norm(real[:, None] - real[None], axis=2), 1)[:, 5]
    density = (between < own[:, None]).sum(0).mean() / 5
    coverage = (between.min(1) < own).mean()
    points = torch.from_numpy(fake), torch.from_numpy(real)
    assert of_points("density-lite0", *points) == pytest.approx(density, rel=1e-4)
    assert of_points("coverage-lite0", *points) == pytest.approx(coverage, rel=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_images_are_the_best_and_far_images_the_worst(name: str) -> None:
    real = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
    assert of_points(name, real, real) >= 0.9
    assert of_points(name, real + 100, real) == 0


@pytest.mark.parametrize("name", NAMES)
def test_too_few_images_are_undefined(name: str) -> None:
    few = torch.randn(3, 3)
    assert math.isnan(of_points(name, few, few))


def test_one_repeated_image_has_no_recall_and_equal_real_images_no_neighbourhoods() -> None:
    real = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
    repeated = real[:1].expand(20, 3)
    assert of_points("recall-lite0", repeated, real) == pytest.approx(1 / 20), "it is a real image"
    assert of_points("recall-lite0", repeated + 1e-3, real) == 0
    assert of_points("precision-lite0", repeated, real) == 1
    for name in ("density-lite0", "coverage-lite0"):
        assert math.isnan(of_points(name, real, repeated))
    assert of_points("precision-lite0", real + 1, repeated) == 0


@pytest.mark.parametrize("name", NAMES)
def test_an_interval_draws_the_values_of_images_and_holds_the_value(name: str) -> None:
    points = torch.randn(60, 2, generator=torch.Generator().manual_seed(0))
    metric: Metric = create("metric", name)
    metric.add("fake", features=0.5 * points[:30] + 1)
    metric.add("real", features=points[30:])
    value = metric.compute()[name]
    random = np.random.default_rng(0)
    drawn = [metric.resample(random).compute()[name] for _ in range(50)]
    assert min(drawn) < value < max(drawn)
    assert np.mean(drawn) == pytest.approx(value, abs=0.05)
    assert metric.compute()[name] == value


def test_images_that_come_later_count() -> None:
    points = torch.randn(30, 2, generator=torch.Generator().manual_seed(0))
    metric: Metric = create("metric", "precision-lite0")
    metric.add("fake", features=points)
    metric.add("real", features=points)
    assert metric.compute() == {"precision-lite0": 1}
    metric.add("fake", features=points + 100)
    assert metric.compute() == {"precision-lite0": 0.5}
