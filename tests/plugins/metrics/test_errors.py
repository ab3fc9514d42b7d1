"""MAE, PSNR and SSIM equal those of scikit-image, and are restricted to masks."""

import numpy as np
import pytest
import torch
from metric_values import measure, random_images, value_of
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import Tensor

from translate.batches import Domain

CT = Domain("ct", channels=1, range=(-1024.0, 3071.0), unit="HU")


def images(count: int = 3, channels: int = 3, *, seed: int = 0) -> Tensor:
    return random_images(count, 40, 32, seed=seed, channels=channels)


def channels_last(image: Tensor) -> np.ndarray:
    return image.permute(1, 2, 0).double().numpy()


@pytest.mark.parametrize("domain", [Domain(""), CT], ids=["bytes", "ct"])
def test_psnr_is_that_of_scikit_image_averaged_over_images(domain: Domain) -> None:
    fake, target = (images(seed=seed, channels=domain.channels) for seed in (1, 2))
    peak = domain.range[1] - domain.range[0]
    expected = [
        peak_signal_noise_ratio(channels_last(b), channels_last(a), data_range=peak)
        for a, b in zip(fake, target, strict=True)
    ]
    metric = measure("psnr", domain, fake=fake, target=target)
    assert metric.per_image()["psnr"].tolist() == pytest.approx(expected, rel=1e-6)
    assert metric.compute()["psnr"] == pytest.approx(np.mean(expected), rel=1e-6)


def test_psnr_of_equal_images_is_finite() -> None:
    psnr = value_of("psnr", fake=images(), target=images())
    assert psnr == pytest.approx(148.13, abs=0.01)


def test_ssim_is_that_of_scikit_image_averaged_over_images() -> None:
    target = images(seed=2)
    fake = 0.7 * target + 0.3 * images(seed=1)
    expected = [
        structural_similarity(
            channels_last(b),
            channels_last(a),
            data_range=255,
            channel_axis=2,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        for a, b in zip(fake, target, strict=True)
    ]
    metric = measure("ssim", fake=fake, target=target)
    assert metric.per_image()["ssim"].tolist() == pytest.approx(expected, rel=1e-4)
    assert metric.compute()["ssim"] == pytest.approx(np.mean(expected), rel=1e-4)


def test_ssim_is_undefined_for_images_smaller_than_its_window() -> None:
    small = images()[..., :10]
    assert np.isnan(value_of("ssim", fake=small, target=small))


@pytest.mark.parametrize("name", ["mae", "psnr", "ssim"])
def test_only_pixels_inside_the_mask_count(name: str) -> None:
    fake, target = images(seed=1), images(seed=2)
    mask = torch.zeros(3, 1, 40, 32, dtype=torch.bool)
    mask[..., 8:16, 8:16] = True
    inside = value_of(name, fake=fake, target=target, mask=mask)
    changed_fake = fake.clone()
    changed_fake[..., 24:, :] = (
        0  # pixels that no window of SSIM with its centre in the mask reaches
    )
    assert value_of(name, fake=changed_fake, target=target, mask=mask) == inside
    assert value_of(name, fake=changed_fake, target=target) != inside


def test_an_image_with_an_empty_mask_does_not_count() -> None:
    fake, target = images(2, seed=1), images(2, seed=2)
    mask = torch.ones(2, 1, 40, 32, dtype=torch.bool)
    mask[1] = False
    metric = measure("mae", fake=fake, target=target, mask=mask)
    assert metric.compute()["mae"] == pytest.approx(float((fake[0] - target[0]).abs().mean()))
    assert metric.per_image()["mae"].isnan().tolist() == [False, True]
