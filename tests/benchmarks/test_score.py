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
    """Return benchmarks/score.py as a module: it lies in no package."""
    pytest.importorskip("skimage")
    monkeypatch.syspath_prepend(str(FOLDER))
    specification = importlib.util.spec_from_file_location("score", FOLDER / "score.py")
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    monkeypatch.setitem(sys.modules, "score", module)
    specification.loader.exec_module(module)
    return module


def gray(level: int) -> np.ndarray:
    return np.full((16, 16, 3), level, np.uint8)


def test_a_difference_of_ten_levels_is_28_dB(score: ModuleType) -> None:
    found = score.score([gray(100), gray(50)], [gray(110), gray(40)])
    assert found.psnr == pytest.approx(20 * np.log10(255 / 10))
    assert found.l1 == 10
    assert 0.9 < found.ssim < 1


def test_equal_pictures_are_alike_in_full(score: ModuleType) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    assert score.score([noise], [noise])[1:3] == (1.0, 0.0)


def test_a_tint_alone_is_no_error_once_it_is_taken_off(score: ModuleType) -> None:
    truth = np.random.default_rng(0).integers(50, 200, (16, 16, 3)).astype(float)
    checked = truth + 6 * (-1.0) ** np.add.outer(range(16), range(16))[..., None]
    tint = np.array([10, 0, -20])
    drawn = [(picture + tint).astype(np.uint8) for picture in (truth, checked)]
    tinted, both = (score.score([truth.astype(np.uint8)], [picture]) for picture in drawn)
    assert tinted.psnr == pytest.approx(10 * np.log10(255**2 / (500 / 3)))
    assert tinted.untinted > 100  # nothing but the tint is wrong
    assert both.psnr == pytest.approx(10 * np.log10(255**2 / (36 + 500 / 3)))
    assert both.untinted == pytest.approx(20 * np.log10(255 / 6))


def test_the_best_constant_undoes_a_shift(score: ModuleType) -> None:
    source = [gray(20), gray(60)]
    drawn = score.baselines([gray(50), gray(90)], source, [])
    assert [p[0, 0, 0] for p in drawn["input, colours shifted by the best constant"]] == [50, 90]
    assert drawn["untouched input"] == source


def test_the_mean_training_picture_is_the_mean(score: ModuleType) -> None:
    drawn = score.baselines([gray(0)], [], [gray(10), gray(30)])
    assert set(drawn) == {"mean training picture", "10 training pictures repeated"}
    assert (drawn["mean training picture"][0] == 20).all()


def test_transferred_pictures_have_the_mean_of_training(score: ModuleType) -> None:
    random = np.random.default_rng(0)
    source, train = (random.integers(90, high, (16, 16, 3)) for high in (130, 160))
    drawn = score.baselines([gray(0)], [source.astype(np.uint8)], [train.astype(np.uint8)])
    (picture,) = drawn["channel means and deviations of training"]
    assert picture.mean() == pytest.approx(train.mean(), abs=0.5)
    assert picture.std() == pytest.approx(train.std(), abs=0.5)


def test_pictures_are_matched_without_suffix_and_scaled_as_infer_scales(
    score: ModuleType, tmp_path: Path
) -> None:
    write_image(tmp_path / "real/a/1.jpg", np.zeros((64, 32, 3), np.uint8))
    write_image(tmp_path / "real/2.png", gray(0))
    found = score.read(tmp_path / "real", 16, like={"a/1": np.zeros((32, 16, 3), np.uint8)})
    assert {name: pixels.shape for name, pixels in found.items()} == {"a/1": (32, 16, 3)}
