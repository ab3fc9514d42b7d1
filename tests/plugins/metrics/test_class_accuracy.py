"""Class accuracy and TSTR: what generators of right, wrong and repeated images have."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from translate.metrics import Metric, MetricBatch
from translate.registry import create
from translate_plugins.metrics import class_accuracy
from translate_plugins.metrics.classifier import SmallClassifier, train_classifier


def striped(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return images with stripes in one of three directions and phases, and their classes."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    y, x = np.mgrid[:32, :32] / 32
    along = np.stack([x, y, (x + y) / 2])[labels]
    phase = random.uniform(0, 2 * np.pi, (count, 1, 1))
    levels = 127 + 100 * np.sin(25 * along + phase) + random.normal(0, 20, (count, 32, 32))
    return torch.from_numpy(levels.clip(0, 255)).float()[:, None], torch.from_numpy(labels)


def measured(name: str, fake: Tensor, labels: Tensor, **options: int) -> Metric:
    real, real_labels = striped(60, seed=1)
    batch: MetricBatch = {"fake": fake, "labels": labels, "real": real, "real_labels": real_labels}
    metric: Metric = create("metric", {"name": name, "steps": 30, **options})
    metric.update(batch)
    return metric


@pytest.mark.parametrize("name", ["class-accuracy", "tstr"])
def test_right_classes_have_a_high_accuracy_and_exchanged_ones_none(name: str) -> None:
    fake, labels = striped(60, seed=2)
    assert measured(name, fake, labels).compute()[name] > 0.9
    assert measured(name, fake, (labels + 1) % 3).compute()[name] < 0.1


def test_one_repeated_image_a_class_has_class_accuracy_and_less_tstr() -> None:
    fake, labels = striped(60, seed=2)
    repeated = fake[:3].repeat(20, 1, 1, 1)
    assert measured("class-accuracy", repeated, labels).compute()["class-accuracy"] == 1
    varied = measured("tstr", fake, labels).compute()["tstr"]
    assert measured("tstr", repeated, labels).compute()["tstr"] < varied - 0.05


@pytest.mark.parametrize("name", ["class-accuracy", "tstr"])
def test_it_is_undefined_for_training_images_of_one_class(name: str) -> None:
    real, labels = striped(9, seed=1)
    same = torch.zeros_like(labels)
    metric = create("metric", name)
    metric.update({"fake": real, "labels": same, "real": real, "real_labels": same})
    assert math.isnan(metric.compute()[name])


def test_an_interval_trains_no_classifier_again(monkeypatch: pytest.MonkeyPatch) -> None:
    fake, labels = striped(60, seed=3)
    metric = measured("tstr", fake, (labels + (torch.arange(60) < 20)) % 3)
    value = metric.compute()["tstr"]
    monkeypatch.setattr(class_accuracy, "train_classifier", None)
    random = np.random.default_rng(0)
    drawn = [metric.resample(random).compute()["tstr"] for _ in range(20)]
    assert min(drawn) < value < max(drawn)


def test_training_depends_on_the_seed_alone() -> None:
    images, labels = striped(30, seed=4)

    def trained(seed: int) -> Tensor:
        torch.rand(1)
        network = train_classifier(
            lambda: SmallClassifier(1, 32, 3), images / 255, labels, steps=3, seed=seed
        )
        return torch.nn.utils.parameters_to_vector(network.parameters())

    assert torch.equal(trained(0), trained(0))
    assert not torch.equal(trained(0), trained(1))
