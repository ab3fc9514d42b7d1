"""The figures of restored photographs of another camera, against numbers worked out by hand."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def deblurring(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(FOLDER))
    yield import_module("deblurring")
    for name in ("deblurring", "tables"):
        sys.modules.pop(name, None)


def test_gray_and_colour_are_compared_in_luminance(deblurring: ModuleType, tmp_path: Path) -> None:
    Image.new("L", (4, 3), 100).save(tmp_path / "gray.png")
    Image.new("RGB", (4, 3), (100, 50, 200)).save(tmp_path / "colour.png")
    found = deblurring.read(tmp_path)
    assert found["gray"].shape == found["colour"].shape == (3, 4)
    assert found["gray"] == pytest.approx(100)
    assert found["colour"] == pytest.approx(0.299 * 100 + 0.587 * 50 + 0.114 * 200)


def test_a_row_says_how_much_lighter_or_darker_images_become(deblurring: ModuleType) -> None:
    sharp = {"im1": np.full((10, 10), 100.0)}
    blurred = {"im1_kernel1_img": sharp["im1"] + 1, "im1_kernel2_img": sharp["im1"] - 1}
    restored = {name: image - 5 for name, image in blurred.items()}
    restored["im1_kernel2_img"] += 3
    row = deblurring.score("restored", restored, blurred, sharp, 2)
    assert (row["mean shift"], row["largest shift"]) == (-3.5, -5)
    expected = np.mean([20 * np.log10(255 / 4), 20 * np.log10(255 / 3)])
    assert row["PSNR dB"] == row["PSNR dB, aligned"] == round(expected, 2)
