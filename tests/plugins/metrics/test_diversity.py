"""Diversity is the mean distance of pairs of images in a class."""

import math

import pytest
import torch
from metric_values import random_images, value_of

from translate.batches import Domain
from translate_plugins.metrics.diversity import distance_to_others
from translate_plugins.metrics.features import lite0


def test_the_distance_to_others_is_the_mean_of_pairs_by_hand() -> None:
    images = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 2.0]])
    a, b, c = 5.0, 2.0, 13**0.5  # sides of the triangle of these points
    expected = torch.tensor([(a + b) / 2, (a + c) / 2, (b + c) / 2])
    torch.testing.assert_close(distance_to_others(images), expected)


def test_distances_are_of_features_of_images_of_one_class() -> None:
    images = random_images(5, 32, 32, seed=0)
    diversity = value_of("diversity-lite0", fake=images, labels=torch.tensor([0, 1, 0, 1, 2]))
    features = lite0()(images, Domain(""))
    pairs_of_one_class = ((0, 2), (1, 3))
    expected = sum(float((features[a] - features[b]).norm()) for a, b in pairs_of_one_class) / 2
    assert diversity == pytest.approx(expected, rel=1e-4)


def test_equal_images_have_no_diversity_and_for_a_single_image_it_is_undefined() -> None:
    image = torch.full((1, 3, 32, 32), 90.0)
    equal = image.repeat(3, 1, 1, 1)
    assert value_of("diversity-lite0", fake=equal, labels=torch.zeros(3)) == 0
    assert math.isnan(value_of("diversity-lite0", fake=image, labels=torch.zeros(1)))
