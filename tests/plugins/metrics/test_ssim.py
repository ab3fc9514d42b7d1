"""MS-SSIM: the product of five scales by SciPy, and what is too small for it. SSIM is elsewhere."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from translate.batches import UNNAMED, Domain
from translate.metrics import Metric
from translate.registry import create

WEIGHTS = 0.0448, 0.2856, 0.3001, 0.2363, 0.1333
"""Wang et al. (2003), of the finest scale first"""


def by_scipy(fake: NDArray, target: NDArray) -> float:
    """Return the MS-SSIM of two images (C, H, W), levels from 0 to 255.

    The coarsest scale is averaged over the whole image, reflected at its borders, and the others
    over windows inside the image, as torchmetrics does.
    """

    def blurred(image: NDArray) -> NDArray:
        return gaussian_filter(image, (0, 1.5, 1.5), radius=(0, 5, 5), mode="mirror")

    product = 1.0
    for scale, weight in enumerate(WEIGHTS):
        one, two = blurred(fake), blurred(target)
        variances = blurred(fake**2) - one**2 + blurred(target**2) - two**2
        contrast = (2 * (blurred(fake * target) - one * two) + 58.5225) / (variances + 58.5225)
        luminance = (2 * one * two + 6.5025) / (one**2 + two**2 + 6.5025)
        inside = (contrast * luminance) if scale == 4 else contrast[:, 5:-5, 5:-5]
        product *= inside.mean() ** weight
        fake, target = halved(fake), halved(target)
    return float(product)


def halved(image: NDArray) -> NDArray:
    rows = image[:, : image.shape[1] // 2 * 2, : image.shape[2] // 2 * 2]
    rows = rows[:, ::2] + rows[:, 1::2]
    return (rows[..., ::2] + rows[..., 1::2]) / 4


def measured(fake: NDArray, target: NDArray, domain: Domain = UNNAMED) -> Metric:
    metric: Metric = create("metric", "ms-ssim", domain=domain)
    metric.update(
        {"fake": torch.from_numpy(fake).float(), "target": torch.from_numpy(target).float()}
    )
    return metric


@pytest.fixture
def pair() -> tuple[NDArray, NDArray]:
    random = np.random.default_rng(0)
    target = gaussian_filter(random.uniform(0, 255, (2, 3, 177, 190)), (0, 0, 3, 3)) * 4 - 380
    return target + random.normal(0, 20, target.shape) * [[[[1]]], [[[0.3]]]], target


def test_ms_ssim_is_the_product_of_five_scales(pair: tuple[NDArray, NDArray]) -> None:
    expected = [by_scipy(one, other) for one, other in zip(*pair, strict=True)]
    found = measured(*pair)
    assert found.per_image()["ms-ssim"].tolist() == pytest.approx(expected, rel=1e-4)
    assert found.compute()["ms-ssim"] == pytest.approx(np.mean(expected), rel=1e-4)
    assert expected[0] < expected[1] < 1


def test_numbers_below_0_are_moved_into_the_range(pair: tuple[NDArray, NDArray]) -> None:
    ct = Domain("ct", channels=1, range=(-1000.0, 1000.0))
    moved = measured(*((image / 255 * 2000 - 1000)[:, :1] for image in pair), ct)
    plain = measured(*(image[:, :1] for image in pair)).compute()["ms-ssim"]
    assert moved.compute()["ms-ssim"] == pytest.approx(plain, rel=1e-4)


def test_equal_images_have_1_and_images_below_176_pixels_are_undefined() -> None:
    image = np.full((1, 3, 176, 176), 50.0)
    assert measured(image, image).compute()["ms-ssim"] == pytest.approx(1, rel=1e-5)
    small = image[..., :175]
    assert math.isnan(measured(small, small).compute()["ms-ssim"])
