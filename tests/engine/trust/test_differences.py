"""Differences of images as fractions of their range, and the differences that a model supports."""

import numpy as np
import pytest

from translate.batches import Domain
from translate.engine.pixels.processing import ImageProcessor
from translate.engine.trust import differences


def image(*levels: int, dtype: type = np.uint8) -> np.ndarray:
    return np.array(levels, dtype).reshape(1, len(levels), 1)


def test_a_difference_is_a_fraction_of_the_range() -> None:
    gray = Domain("a", channels=1)
    difference = differences.difference(image(0, 100, 255), image(51, 100, 0), gray)
    assert difference == pytest.approx(np.array([[0.2, 0, 1]]), abs=1e-6)
    half = Domain("ct", channels=1, range=(0, 127.5))
    assert differences.difference(image(51), image(0), half) == pytest.approx(0.4)
    assert differences.difference(image(65535, dtype=np.uint16), image(255), gray) == 0


def test_a_difference_is_the_mean_over_colours_without_the_mask() -> None:
    blue_with_mask, black = np.zeros((1, 1, 4), np.uint8), np.zeros((1, 1, 3), np.uint8)
    blue_with_mask[0, 0] = 0, 0, 255, 255
    assert differences.difference(blue_with_mask, black, Domain("a")) == pytest.approx(1 / 3)


def test_the_difference_of_unequal_classes_is_one() -> None:
    labels = Domain("a", channels=1, labels=True)
    assert differences.difference(image(1, 5), image(1, 6), labels).tolist() == [[0, 1]]


def test_the_difference_to_an_output_that_is_not_finite_is_one() -> None:
    assert differences.difference(image(1, 2), None, Domain("a", channels=1)).tolist() == [[1, 1]]


def test_cycle_differences_are_of_outputs_translated_back(cycle: ImageProcessor) -> None:
    assert differences.supported_measures(cycle).keys() == {"cycle"}
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    (output,) = cycle.translate([pixels])
    assert output is not None
    (back,) = cycle.model.translate([output], "a")
    assert back is not None
    (difference,) = differences.cycle_differences(cycle, [pixels], [output])
    assert difference.shape == (16, 16)
    assert difference.mean() == pytest.approx(np.abs(back.astype(float) - pixels).mean() / 255)


def test_spread_differences_are_zero_for_pixels_without_noise(noisy: ImageProcessor) -> None:
    assert differences.supported_measures(noisy).keys() == {"spread"}
    pixels = np.full((16, 16, 3), 128, np.uint8)
    (output,) = noisy.translate([pixels])
    assert output is not None
    (difference,) = differences.spread_differences(noisy, [pixels], [output])
    assert np.all(difference[:, 8:] == 0)
    # two uniform numbers in [-0.5, 0.5] differ by 1/3 on average, which is 1/6 of the range
    assert difference[:, :8].mean() == pytest.approx(1 / 6, abs=0.02)
