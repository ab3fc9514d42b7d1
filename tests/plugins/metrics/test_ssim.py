"""MS-SSIM is the product of five scales by SciPy. test_errors.py has SSIM."""

import math

import numpy as np
import pytest
import torch
from metric_values import measure
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from translate.batches import UNNAMED, Domain
from translate.metrics import Metric

WEIGHTS = 0.0448, 0.2856, 0.3001, 0.2363, 0.1333
"""Wang et al. (2003), of the finest scale first"""


def by_scipy(fake: NDArray, target: NDArray) -> float:
    """Return the MS-SSIM of two images (C, H, W), levels from 0 to 255.

    The coarsest scale is averaged over the whole image, reflected at its borders, and the others
    over windows inside the image, as torchmetrics does.
    """

    def blur(image: NDArray) -> NDArray:
        return gaussian_filter(image, (0, 1.5, 1.5), radius=(0, 5, 5), mode="mirror")

    product = 1.0
    for scale, weight in enumerate(WEIGHTS):
        x, y = blur(fake), blur(target)
        variances = blur(fake**2) - x**2 + blur(target**2) - y**2
        contrast = (2 * (blur(fake * target) - x * y) + 58.5225) / (variances + 58.5225)
        luminance = (2 * x * y + 6.5025) / (x**2 + y**2 + 6.5025)
        inside = (contrast * luminance) if scale == 4 else contrast[:, 5:-5, 5:-5]
        product *= inside.mean() ** weight
        fake, target = downsample(fake), downsample(target)
    return float(product)


def downsample(image: NDArray) -> NDArray:
    rows = image[:, : image.shape[1] // 2 * 2, : image.shape[2] // 2 * 2]
    rows = rows[:, ::2] + rows[:, 1::2]
    return (rows[..., ::2] + rows[..., 1::2]) / 4


def measure_pair(fake: NDArray, target: NDArray, domain: Domain = UNNAMED) -> Metric:
    fields = {"fake": torch.from_numpy(fake).float(), "target": torch.from_numpy(target).float()}
    return measure("ms-ssim", domain, **fields)


@pytest.fixture
def pair() -> tuple[NDArray, NDArray]:
    random = np.random.default_rng(0)
    target = gaussian_filter(random.uniform(0, 255, (2, 3, 177, 190)), (0, 0, 3, 3)) * 4 - 380
    return target + random.normal(0, 20, target.shape) * [[[[1]]], [[[0.3]]]], target


def test_ms_ssim_is_the_product_of_five_scales(pair: tuple[NDArray, NDArray]) -> None:
    expected = [by_scipy(fake, target) for fake, target in zip(*pair, strict=True)]
    metric = measure_pair(*pair)
    assert metric.per_image()["ms-ssim"].tolist() == pytest.approx(expected, rel=1e-4)
    assert metric.compute()["ms-ssim"] == pytest.approx(np.mean(expected), rel=1e-4)
    assert expected[0] < expected[1] < 1


def test_a_range_below_0_has_the_values_of_gray_images(pair: tuple[NDArray, NDArray]) -> None:
    ct = Domain("ct", channels=1, range=(-1000.0, 1000.0))
    scans = measure_pair(*((image / 255 * 2000 - 1000)[:, :1] for image in pair), ct)
    gray = measure_pair(*(image[:, :1] for image in pair))
    assert scans.compute()["ms-ssim"] == pytest.approx(gray.compute()["ms-ssim"], rel=1e-4)


def test_ms_ssim_is_1_for_equal_images_and_undefined_below_176_pixels() -> None:
    image = np.full((1, 3, 176, 176), 50.0)
    assert measure_pair(image, image).compute()["ms-ssim"] == pytest.approx(1, rel=1e-5)
    small = image[..., :175]
    assert math.isnan(measure_pair(small, small).compute()["ms-ssim"])
