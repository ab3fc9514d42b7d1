"""The scores and their baselines, against numbers that can be worked out by hand."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from translate.images.encode import write_image

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def score(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return benchmarks/score.py as a module: it is in no package."""
    monkeypatch.syspath_prepend(str(FOLDER))
    specification = importlib.util.spec_from_file_location("score", FOLDER / "score.py")
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    monkeypatch.setitem(sys.modules, "score", module)
    specification.loader.exec_module(module)
    return module


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


def test_baselines_have_what_they_know(score: ModuleType) -> None:
    truth, source, train = [gray(50), gray(90)], [gray(20), gray(60)], [gray(10), gray(30)]
    alone = score.baseline_images(truth, source, [])
    assert set(alone) == {"untouched input", "input, colours shifted by the best constant"}
    assert alone["untouched input"] == source
    assert set(score.baseline_images(truth, [], train)) == {
        "mean training image",
        "10 training images repeated",
    }
    rows = score.baseline_images(truth, source, train)
    assert "channel means and deviations of training" in rows
    assert all(len(images) == 2 for images in rows.values())


def test_images_are_matched_without_suffix_and_scaled_as_infer_scales(
    score: ModuleType, tmp_path: Path
) -> None:
    write_image(tmp_path / "real/a/1.jpg", np.zeros((64, 32, 3), np.uint8))
    write_image(tmp_path / "real/2.png", gray(0))
    images = score.read(tmp_path / "real", 16, like={"a/1": np.zeros((32, 16, 3), np.uint8)})
    assert {name: pixels.shape for name, pixels in images.items()} == {"a/1": (32, 16, 3)}
