"""Diversity within a class: the mean distance of pairs, and what has none."""

import math

import pytest
import torch

from translate.batches import Domain
from translate.registry import create
from translate_plugins.metrics.diversity import distance_to_others
from translate_plugins.metrics.features import lite0


def test_the_distance_to_others_is_the_mean_of_pairs_by_hand() -> None:
    images = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 2.0]])
    found = distance_to_others(images)
    sides = (5.0, 2.0, 13**0.5)
    expected = [(sides[0] + sides[1]) / 2, (sides[0] + sides[2]) / 2, (sides[1] + sides[2]) / 2]
    torch.testing.assert_close(found, torch.tensor(expected))


def test_pairs_are_of_one_class_and_of_features() -> None:
    images = torch.randint(0, 256, (5, 3, 32, 32), generator=torch.Generator().manual_seed(0))
    images = images.float()
    metric = create("metric", "diversity-lite0")
    metric.update({"fake": images, "labels": torch.tensor([0, 1, 0, 1, 2])})
    features = lite0()(images, Domain(""))
    pairs = ((0, 2), (1, 3))
    expected = sum(float((features[a] - features[b]).norm()) for a, b in pairs) / 2
    assert metric.compute()["diversity-lite0"] == pytest.approx(expected, rel=1e-4)


def test_equal_images_have_none_and_single_ones_are_undefined() -> None:
    image = torch.full((1, 3, 32, 32), 90.0)
    equal, single = create("metric", "diversity-lite0"), create("metric", "diversity-lite0")
    equal.update({"fake": image.repeat(3, 1, 1, 1), "labels": torch.zeros(3)})
    assert equal.compute() == {"diversity-lite0": 0.0}
    single.update({"fake": image, "labels": torch.zeros(1)})
    assert math.isnan(single.compute()["diversity-lite0"])
