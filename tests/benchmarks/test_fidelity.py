"""PSNR, SSIM and L1 equal numbers that are calculated by hand, and PSNR of scikit-image."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.metrics import peak_signal_noise_ratio

Image = NDArray[np.uint8]


@pytest.fixture
def fidelity(import_benchmark: Callable[[str], ModuleType]) -> ModuleType:
    return import_benchmark("fidelity")


def gray(level: int) -> Image:
    return np.full((16, 16, 3), level, np.uint8)


@pytest.fixture
def pair() -> tuple[Image, Image]:
    """Return an image with noise, and the same image without."""
    random = np.random.default_rng(0)
    truth = random.integers(0, 256, (24, 31, 3), dtype=np.uint8)
    noisy = truth + random.normal(0, 20, truth.shape)
    return noisy.clip(0, 255).astype(np.uint8), truth


def test_an_error_of_ten_levels_is_28_dB_in_either_direction(fidelity: ModuleType) -> None:
    for image, truth in ((gray(110), gray(100)), (gray(40), gray(50))):
        assert fidelity.psnr(image, truth) == pytest.approx(20 * np.log10(255 / 10))
        assert fidelity.l1(image, truth) == 10


def test_equal_images_have_an_ssim_of_one_and_no_error(
    pair: tuple[Image, Image], fidelity: ModuleType
) -> None:
    _, truth = pair
    assert fidelity.psnr(truth, truth) == pytest.approx(148.13, abs=0.01)
    assert fidelity.ssim(truth, truth) == pytest.approx(1)
    assert fidelity.l1(truth, truth) == 0


def test_psnr_equals_that_of_scikit_image(pair: tuple[Image, Image], fidelity: ModuleType) -> None:
    image, truth = pair
    expected = peak_signal_noise_ratio(truth, image, data_range=255)
    assert fidelity.psnr(image, truth) == pytest.approx(expected)


def test_a_tint_is_no_error_after_its_subtraction(fidelity: ModuleType) -> None:
    truth = np.random.default_rng(0).integers(50, 200, (16, 16, 3)).astype(float)
    checkered = truth + 6 * (-1.0) ** np.add.outer(range(16), range(16))[..., None]
    tint = np.array([10, 0, -20])
    assert fidelity.psnr(truth + tint, truth) == pytest.approx(10 * np.log10(255**2 / (500 / 3)))
    assert fidelity.psnr_without_tint(truth + tint, truth) > 100
    assert fidelity.psnr_without_tint(checkered + tint, truth) == pytest.approx(
        20 * np.log10(255 / 6)
    )


def test_alignment_corrects_translation_but_not_brightness(fidelity: ModuleType) -> None:
    truth = np.random.default_rng(0).uniform(0, 200, (20, 30))
    shifted = np.roll(truth, (1, -2), (0, 1))
    assert fidelity.psnr(shifted, truth) < 15
    assert fidelity.aligned_psnr(shifted, truth, 2) > 100
    assert fidelity.aligned_psnr(shifted, truth, 1) < 15
    assert fidelity.aligned_psnr(shifted + 10, truth, 2) == pytest.approx(20 * np.log10(25.5))
