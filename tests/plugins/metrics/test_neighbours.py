"""Precision, recall, density and coverage equal those of torch-fidelity and those by hand."""

import math

import numpy as np
import pytest
import torch
from metric_values import random_images, value_of
from torch import Tensor
from torch_fidelity.metric_prc import prc_features_to_metric

from translate.batches import Domain
from translate.metrics import Metric
from translate.registry import create
from translate_plugins.metrics.features import lite0

NAMES = ("precision-lite0", "recall-lite0", "density-lite0", "coverage-lite0")


def metric_of_points(name: str, fake: Tensor, real: Tensor, **options: int) -> Metric:
    """Return a metric that has points (N, D) as the features of images."""
    metric: Metric = create("metric", {"name": name, **options})
    metric.add("fake", features=fake)
    metric.add("real", features=real)
    return metric


def value_of_points(name: str, fake: Tensor, real: Tensor, **options: int) -> float:
    return metric_of_points(name, fake, real, **options).compute()[name]


@pytest.mark.parametrize("neighbours", [1, 3])
def test_precision_and_recall_are_those_of_torch_fidelity(neighbours: int) -> None:
    fake = random_images(9, 16, 16, seed=1)
    real = random_images(11, 16, 16, seed=2, levels=250)
    features = [lite0()(each, Domain("")) for each in (fake, real)]
    expected = prc_features_to_metric(*features, prc_neighborhood=neighbours, verbose=False)
    assert 0 < expected["precision"] < 1 or 0 < expected["recall"] < 1
    for name in ("precision", "recall"):
        part = {"name": f"{name}-lite0", "neighbours": neighbours}
        assert value_of(part, fake=fake, real=real) == pytest.approx(expected[name], rel=1e-4)


def test_density_and_coverage_of_points_on_a_line_are_those_by_hand() -> None:
    real = torch.tensor([[0.0], [1.0], [3.0], [10.0]])  # radii to the nearest: 1, 1, 2, 7
    fake = torch.tensor([[0.5], [0.6], [5.5]])
    # in real neighbourhoods: 0.5 in those of 0 and 1, 0.6 too, 5.5 in that of 10
    assert value_of_points("density-lite0", fake, real, neighbours=1) == pytest.approx(5 / 3)
    assert value_of_points("coverage-lite0", fake, real, neighbours=1) == pytest.approx(3 / 4)
    assert create("metric", "density-lite0").protocol()["neighbours"] == "5"
    assert value_of_points("precision-lite0", fake, real, neighbours=1) == 1
    # radii of fake: .1, .1, 4.9; 0 and 1 are in none but that of 5.5, from .6 to 10.4
    assert value_of_points("recall-lite0", fake, real, neighbours=1) == pytest.approx(3 / 4)


@pytest.mark.parametrize("name", NAMES)
def test_real_images_have_the_best_value_and_far_images_0(name: str) -> None:
    real = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
    assert value_of_points(name, real, real) >= 0.9
    assert value_of_points(name, real + 100, real) == 0


@pytest.mark.parametrize("name", NAMES)
def test_values_of_too_few_images_are_undefined(name: str) -> None:
    few = torch.randn(3, 3)
    assert math.isnan(value_of_points(name, few, few))


def test_one_repeated_image_has_no_recall_and_equal_real_images_no_neighbourhoods() -> None:
    real = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
    repeated = real[:1].expand(20, 3)
    assert value_of_points("recall-lite0", repeated, real) == pytest.approx(1 / 20), (
        "it is a real image"
    )
    assert value_of_points("recall-lite0", repeated + 1e-3, real) == 0
    assert value_of_points("precision-lite0", repeated, real) == 1
    for name in ("density-lite0", "coverage-lite0"):
        assert math.isnan(value_of_points(name, real, repeated))
    assert value_of_points("precision-lite0", real + 1, repeated) == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_bootstrap_interval_resamples_the_values_and_contains_their_mean(name: str) -> None:
    points = torch.randn(60, 2, generator=torch.Generator().manual_seed(0))
    metric = metric_of_points(name, 0.5 * points[:30] + 1, points[30:])
    value = metric.compute()[name]
    random = np.random.default_rng(0)
    resampled = [metric.resample(random).compute()[name] for _ in range(50)]
    assert min(resampled) < value < max(resampled)
    assert np.mean(resampled) == pytest.approx(value, abs=0.05)
    assert metric.compute()[name] == value


def test_images_that_are_added_after_compute_count() -> None:
    points = torch.randn(30, 2, generator=torch.Generator().manual_seed(0))
    metric = metric_of_points("precision-lite0", points, points)
    assert metric.compute() == {"precision-lite0": 1}
    metric.add("fake", features=points + 100)
    assert metric.compute() == {"precision-lite0": 0.5}
