"""The scores and their baselines, by hand; bootstrap intervals against scipy."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.stats import bootstrap

from translate.images.encode import write_image


@pytest.fixture
def score(import_benchmark: Callable[[str], ModuleType]) -> ModuleType:
    return import_benchmark("score")


def gray(level: int) -> np.ndarray:
    return np.full((16, 16, 3), level, np.uint8)


def test_scores_are_means_over_images(score: ModuleType) -> None:
    scores = score.mean_scores([gray(100), gray(50)], [gray(110), gray(70)])
    assert scores.psnr == pytest.approx(np.mean([20 * np.log10(255 / n) for n in (10, 20)]))
    assert scores.l1 == 15
    assert 0.9 < scores.ssim < 1
    assert scores.psnr_without_tint == pytest.approx(148.13, abs=0.01)


def test_images_of_another_size_are_refused(score: ModuleType) -> None:
    with pytest.raises(SystemExit, match="give the --size that infer was given"):
        score.mean_scores([gray(0)], [gray(0)[:12]])


def test_baselines_depend_on_the_available_images(score: ModuleType) -> None:
    truth, source, train = [gray(50), gray(90)], [gray(20), gray(60)], [gray(10), gray(30)]
    without_training_images = score.baseline_images(truth, source, [])
    assert set(without_training_images) == {
        "untouched input",
        "input, colours shifted by the best constant",
    }
    assert without_training_images["untouched input"] == source
    assert set(score.baseline_images(truth, [], train)) == {
        "mean training image",
        "10 training images repeated",
    }
    rows = score.baseline_images(truth, source, train)
    assert "channel means and deviations of training" in rows
    assert all(len(images) == 2 for images in rows.values())


def test_images_are_matched_without_suffix_and_scaled_as_by_infer(
    score: ModuleType, tmp_path: Path
) -> None:
    write_image(tmp_path / "real/a/1.jpg", np.zeros((64, 32, 3), np.uint8))
    write_image(tmp_path / "real/2.png", gray(0))
    images = score.read(tmp_path / "real", 16, like={"a/1": np.zeros((32, 16, 3), np.uint8)})
    assert {name: pixels.shape for name, pixels in images.items()} == {"a/1": (32, 16, 3)}


def test_an_interval_equals_that_of_scipy(score: ModuleType) -> None:
    values = np.random.default_rng(1).exponential(size=40)
    expected = bootstrap((values,), np.mean, method="percentile", rng=2).confidence_interval
    assert score.bootstrap_interval(values.tolist()) == pytest.approx(tuple(expected), abs=0.02)


def test_an_interval_narrows_with_the_level_and_is_the_same_for_one_seed(
    score: ModuleType,
) -> None:
    values = list(range(50))
    wide, narrow = (score.bootstrap_interval(values, level=level) for level in (0.99, 0.5))
    assert wide[0] < narrow[0] < np.mean(values) < narrow[1] < wide[1]
    assert score.bootstrap_interval(values, seed=3) == score.bootstrap_interval(values, seed=3)
    assert score.bootstrap_interval([2.0, 2.0]) == (2.0, 2.0)
