"""Degradations of images, compared with NumPy, OpenCV and libjpeg."""

from io import BytesIO
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from metric_values import value_of
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from translate.batches import Domain
from translate.errors import ConfigError
from translate.nn.noise import temporary_seed
from translate_plugins.restore.degradations import DegradationChain


def random_images(count: int = 2, channels: int = 3, size: tuple[int, int] = (24, 40)) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(count, channels, *size, generator=generator) * 2 - 1


def photograph_like_image(height: int, width: int) -> NDArray[np.uint8]:
    """Return an image with fine detail in luma and coarse detail in chroma, like a photograph."""
    random = np.random.default_rng(0).uniform(-1, 1, (height, width, 4))
    coarse = cv2.GaussianBlur(random, (0, 0), 6.0) * 800
    fine = cv2.GaussianBlur(random[..., 3], (0, 0), 1.0) * 80
    return np.clip(128 + coarse[..., :3] + fine[..., None], 0, 255).astype(np.uint8)


def degrade(images: Tensor, *chain: Any, seed: int = 0) -> Tensor:
    with temporary_seed(seed):
        return DegradationChain([*chain])(images)


def psnr(image: Tensor, target: Tensor) -> float:
    return value_of("psnr", Domain("", range=(-1, 1)), fake=image, target=target)


ALL = ("gray", {"name": "noise", "sigma": [0.05, 0.2]}, {"name": "blur", "sigma": [0, 2]}, "jpeg")


def test_degradation_is_a_function_of_the_images_and_the_seed() -> None:
    images = random_images()
    first = degrade(images, *ALL, seed=3)
    assert torch.equal(first, degrade(images, *ALL, seed=3))
    assert not torch.equal(first, degrade(images, *ALL, seed=4))
    assert torch.equal(images, random_images())  # the input is unchanged


@pytest.mark.parametrize("part", ["gray", "noise", "blur", "jpeg"])
def test_each_degradation_changes_images_and_keeps_their_shape_type_and_range(part: str) -> None:
    for channels in (1, 3):
        images = random_images(channels=channels, size=(17, 21)).double()
        degraded = degrade(images, part)
        assert (degraded.shape, degraded.dtype) == (images.shape, images.dtype)
        assert degraded.abs().max() <= 1
        is_unchanged = torch.allclose(degraded, images, atol=1e-6)
        assert is_unchanged is ((part, channels) == ("gray", 1))


def test_degradations_are_applied_in_order() -> None:
    images = random_images()
    blur, noise = {"name": "blur", "sigma": 1.0}, {"name": "noise", "sigma": 0.2}
    softened, grainy = degrade(images, noise, blur), degrade(images, blur, noise)
    assert grainy.diff(dim=3).abs().mean() > 2 * softened.diff(dim=3).abs().mean()
    white = torch.ones(1, 3, 8, 8)
    twice = degrade(white, noise, noise)
    assert (twice == 1).float().mean() > 0.2  # clamped after each step


def test_degradation_has_no_gradient() -> None:
    assert not degrade(random_images().requires_grad_(), *ALL).requires_grad


def test_the_strength_for_each_image_is_random_within_the_range() -> None:
    images = torch.zeros(400, 1, 16, 16)
    result = degrade(images, {"name": "noise", "sigma": [0.02, 0.1]}).std(dim=(1, 2, 3)) / 2
    assert 0.015 < result.min() < 0.03 < 0.09 < result.max() < 0.115
    assert result.mean().item() == pytest.approx(0.06, abs=0.004)
    amounts = degrade(random_images(9), {"name": "gray", "amount": [0, 1]})
    assert len({round(v, 3) for v in amounts.std(1).mean((1, 2)).tolist()}) == 9


@pytest.mark.parametrize("amount", [0, 0.25, 1])
def test_gray_is_luma(amount: float) -> None:
    # luma of red 0.8, green 0.4 and blue 0.2: .299 * .8 + .587 * .4 + .114 * .2 = .4968
    colour = torch.tensor([0.8, 0.4, 0.2]).view(1, 3, 1, 1).expand(1, 3, 2, 2)
    expected = colour + amount * (0.4968 - colour)
    result = degrade(colour * 2 - 1, {"name": "gray", "amount": amount})
    torch.testing.assert_close(result / 2 + 0.5, expected)


def test_noise_is_normal_and_independent_by_channel() -> None:
    images = torch.zeros(4, 3, 128, 128)
    added = degrade(images, {"name": "noise", "sigma": 0.1}) / 2
    assert added.mean().item() == pytest.approx(0, abs=1e-3)
    assert added.std().item() == pytest.approx(0.1, rel=0.01)
    kurtosis = (added / added.std()).pow(4).mean().item()
    assert kurtosis == pytest.approx(3, abs=0.1)
    correlations = np.corrcoef(added.transpose(0, 1).flatten(1).numpy())
    assert np.abs(correlations - np.eye(3)).max() < 0.02


def test_blur_equals_that_of_opencv() -> None:
    images = random_images(2)
    blurred = degrade(images, {"name": "blur", "sigma": 1.5})  # a radius of 3 * 1.5, rounded to 5
    for image, result in zip(images, blurred, strict=True):
        pixels = image.permute(1, 2, 0).numpy()
        expected = cv2.GaussianBlur(pixels, (11, 11), 1.5, borderType=cv2.BORDER_REPLICATE)
        np.testing.assert_allclose(result.permute(1, 2, 0), expected, atol=1e-5)


def test_images_of_one_batch_have_different_blur_widths() -> None:
    point = torch.full((2, 1, 41, 41), -1.0)
    point[:, :, 20, 20] = 1.0
    blurred = degrade(point, {"name": "blur", "sigma": [0.5, 3]}) / 2 + 0.5
    squares = (torch.arange(41.0) - 20) ** 2
    widths = [(image[0].sum(0) * squares).sum().sqrt().item() for image in blurred]
    with temporary_seed(0):
        sigmas = 0.5 + 2.5 * torch.rand(2)
    assert widths == pytest.approx(sigmas.tolist(), rel=0.03)  # slightly truncated
    assert blurred.sum((1, 2, 3)).tolist() == pytest.approx([1, 1])


@pytest.mark.parametrize(("quality", "smallest_psnr"), [(10, 36), (30, 39), (90, 45)])
def test_jpeg_degradation_is_close_to_that_of_libjpeg(quality: int, smallest_psnr: float) -> None:
    pixels = photograph_like_image(96, 160)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    expected = torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1)[None] / 127.5 - 1
    images = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 127.5 - 1
    actual = degrade(images, {"name": "jpeg", "quality": quality})
    assert psnr(actual, images) == pytest.approx(psnr(expected, images), abs=0.1)
    assert psnr(actual, expected) > smallest_psnr


def test_jpeg_removes_faint_detail_completely() -> None:
    """Detail that rounds to 0 disappears; kornia's own rounding leaves a residue."""
    faint = 0.004 * random_images(1, 1, (32, 32))
    result = degrade(faint, {"name": "jpeg", "quality": 10})
    assert (result - result.mean()).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        ([], "degradations: the list is empty: expected at least one of gray, noise, blur, jpeg"),
        (["nose"], "degradations: unknown degradation 'nose'. Did you mean 'noise'"),
        ([{"sigma": 1}], "degradations: unknown degradation ''"),
        ([{"name": "noise", "sigme": 1}], "noise has no option 'sigme'. Did you mean 'sigma'"),
        ([{"name": "jpeg", "sigma": 1}], "jpeg has no option 'sigma'.*quality"),
        (
            [{"name": "noise", "sigma": 25}],
            r"sigma of noise: expected a number from 0 to 1, or \[smallest, largest\], got 25",
        ),
        ([{"name": "jpeg", "quality": [60, 30]}], r"quality of jpeg: .* got \[60, 30\]"),
        ([{"name": "jpeg", "quality": [30]}], r"from 1 to 100, .* got \[30\]"),
        ([{"name": "blur", "sigma": "much"}], "from 0 to 20, .* got 'much'"),
        ([{"name": "gray", "amount": True}], "amount of gray: .* got True"),
    ],
)
def test_an_invalid_degradation_is_refused(chain: list[Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        DegradationChain(chain)
