"""Differences of images as fractions of their range; of a model, where it is undecided."""

import numpy as np
import pytest

from translate.batches import Domain
from translate.engine.pixels.processing import ImageProcessor
from translate.engine.trust import differences


def image(*levels: int, dtype: type = np.uint8) -> np.ndarray:
    return np.array(levels, dtype).reshape(1, len(levels), 1)


def test_a_difference_is_a_fraction_of_the_range() -> None:
    gray = Domain("a", channels=1)
    found = differences.difference(image(0, 100, 255), image(51, 100, 0), gray)
    assert found == pytest.approx(np.array([[0.2, 0, 1]]), abs=1e-6)
    half = Domain("ct", channels=1, range=(0, 127.5))
    assert differences.difference(image(51), image(0), half) == pytest.approx(0.4)
    assert differences.difference(image(65535, dtype=np.uint16), image(255), gray) == 0


def test_colours_count_by_their_mean_and_a_mask_not_at_all() -> None:
    one, other = np.zeros((1, 1, 4), np.uint8), np.zeros((1, 1, 3), np.uint8)
    one[0, 0] = 0, 0, 255, 255
    assert differences.difference(one, other, Domain("a")) == pytest.approx(1 / 3)


def test_classes_are_equal_or_not() -> None:
    labels = Domain("a", channels=1, labels=True)
    assert differences.difference(image(1, 5), image(1, 6), labels).tolist() == [[0, 1]]


def test_what_is_not_finite_differs_everywhere() -> None:
    assert differences.difference(image(1, 2), None, Domain("a", channels=1)).tolist() == [[1, 1]]


def test_the_way_back_is_the_other_translation(cycle: ImageProcessor) -> None:
    assert differences.has_cycle(cycle) and not differences.has_spread(cycle)
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    (output,) = cycle.translate([pixels])
    assert output is not None
    (back,) = cycle.model.translate([output], "a")
    assert back is not None
    (found,) = differences.cycle_differences(cycle, [pixels], [output])
    assert found.shape == (16, 16)
    assert found.mean() == pytest.approx(np.abs(back.astype(float) - pixels).mean() / 255)


def test_outputs_spread_where_a_model_draws_noise(noisy: ImageProcessor) -> None:
    assert differences.has_spread(noisy) and not differences.has_cycle(noisy)
    pixels = np.full((16, 16, 3), 128, np.uint8)
    (output,) = noisy.translate([pixels])
    assert output is not None
    (found,) = differences.spread_differences(noisy, [pixels], [output])
    assert np.all(found[:, 8:] == 0)
    assert found[:, :8].mean() == pytest.approx(1 / 6, abs=0.02), "of two uniform numbers, by 2"
