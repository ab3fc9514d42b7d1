"""The metrics of deblurred photographs, against numbers computed by hand."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def deblurring(import_benchmark: Callable[[str], ModuleType]) -> ModuleType:
    return import_benchmark("deblurring")


def test_gray_and_colour_are_compared_in_luminance(deblurring: ModuleType, tmp_path: Path) -> None:
    Image.new("L", (4, 3), 100).save(tmp_path / "gray.png")
    Image.new("RGB", (4, 3), (100, 50, 200)).save(tmp_path / "colour.png")
    images = deblurring.read(tmp_path)
    assert images["gray"].shape == images["colour"].shape == (3, 4)
    assert images["gray"] == pytest.approx(100)
    assert images["colour"] == pytest.approx(0.299 * 100 + 0.587 * 50 + 0.114 * 200)


def test_a_row_has_the_change_of_brightness(deblurring: ModuleType) -> None:
    sharp = {"im1": np.full((10, 10), 100.0)}
    blurred = {"im1_kernel1_img": sharp["im1"] + 1, "im1_kernel2_img": sharp["im1"] - 1}
    restored = {name: image - 5 for name, image in blurred.items()}
    restored["im1_kernel2_img"] += 3
    row = deblurring.score("restored", restored, blurred, sharp, 2)
    assert (row["mean shift"], row["largest shift"]) == (-3.5, -5)
    expected = np.mean([20 * np.log10(255 / 4), 20 * np.log10(255 / 3)])
    assert row["PSNR dB"] == row["PSNR dB, aligned"] == round(expected, 2)
