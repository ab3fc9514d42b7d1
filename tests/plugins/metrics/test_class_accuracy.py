"""Class accuracy and TSTR of images of right and wrong classes, and of repeated images."""

import math

import numpy as np
import pytest
import torch
from metric_values import measure, value_of
from torch import Tensor

from translate.metrics import Metric
from translate_plugins.metrics import class_accuracy
from translate_plugins.metrics.classifier import SmallClassifier, train_classifier


def striped_images(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return images with stripes in one of three directions and phases, and their classes."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    y, x = np.mgrid[:32, :32] / 32
    along = np.stack([x, y, (x + y) / 2])[labels]
    phase = random.uniform(0, 2 * np.pi, (count, 1, 1))
    levels = 127 + 100 * np.sin(25 * along + phase) + random.normal(0, 20, (count, 32, 32))
    return torch.from_numpy(levels.clip(0, 255)).float()[:, None], torch.from_numpy(labels)


def measure_classes(name: str, fake: Tensor, labels: Tensor) -> Metric:
    real, real_labels = striped_images(60, seed=1)
    fields = {"fake": fake, "labels": labels, "real": real, "real_labels": real_labels}
    return measure({"name": name, "steps": 30}, **fields)


def value(name: str, fake: Tensor, labels: Tensor) -> float:
    return measure_classes(name, fake, labels).compute()[name]


@pytest.mark.parametrize("name", ["class-accuracy", "tstr"])
def test_images_of_right_classes_have_a_high_accuracy_and_others_a_low_one(name: str) -> None:
    fake, labels = striped_images(60, seed=2)
    assert value(name, fake, labels) > 0.9
    assert value(name, fake, (labels + 1) % 3) < 0.1


def test_one_image_repeated_for_each_class_has_class_accuracy_and_less_tstr() -> None:
    fake, labels = striped_images(60, seed=2)
    repeated = fake[:3].repeat(20, 1, 1, 1)
    assert value("class-accuracy", repeated, labels) == 1
    assert value("tstr", repeated, labels) < value("tstr", fake, labels) - 0.05


@pytest.mark.parametrize("name", ["class-accuracy", "tstr"])
def test_accuracy_is_undefined_for_real_images_of_one_class(name: str) -> None:
    real, labels = striped_images(9, seed=1)
    one_class = torch.zeros_like(labels)
    fields = {"fake": real, "labels": one_class, "real": real, "real_labels": one_class}
    assert math.isnan(value_of(name, **fields))


def test_a_bootstrap_interval_trains_no_further_classifier(monkeypatch: pytest.MonkeyPatch) -> None:
    fake, labels = striped_images(60, seed=3)
    metric = measure_classes("tstr", fake, (labels + (torch.arange(60) < 20)) % 3)
    tstr = metric.compute()["tstr"]
    monkeypatch.setattr(class_accuracy, "train_classifier", None)
    random = np.random.default_rng(0)
    resampled = [metric.resample(random).compute()["tstr"] for _ in range(20)]
    assert min(resampled) < tstr < max(resampled)


def test_the_trained_classifier_depends_only_on_the_seed() -> None:
    images, labels = striped_images(30, seed=4)

    def train(seed: int) -> Tensor:
        torch.rand(1)  # the global generator has another state in each call
        network = train_classifier(
            lambda: SmallClassifier(1, 32, 3), images / 255, labels, steps=3, seed=seed
        )
        return torch.nn.utils.parameters_to_vector(network.parameters())

    assert torch.equal(train(0), train(0))
    assert not torch.equal(train(0), train(1))
