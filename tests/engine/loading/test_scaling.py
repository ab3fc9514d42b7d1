"""Images before the crop are scaled as Pillow scales them, and each image is scaled once."""

from pathlib import Path

import numpy as np
import pytest
import torch

from translate.batches import Domain
from translate.engine.loading.cache import Cache
from translate.engine.loading.scaling import ScaledImages, scale
from translate.images.domains import domain_images
from translate.images.encode import write_image
from translate.images.source import EncodedImage

NOISE = np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8)
PHOTO, LABELS = Domain("photo"), Domain("labels", labels=True)
SIZE = (21, 33)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    path = tmp_path / "image.png"
    write_image(path, NOISE)
    cache = Cache({path: (NOISE.shape[0], NOISE.shape[1])}, PHOTO, {})
    cache.add(EncodedImage.open(path))
    return cache


@pytest.fixture
def pixels(cache: Cache, tmp_path: Path) -> np.ndarray:
    return cache.read(tmp_path / "image.png")


@pytest.mark.parametrize("size", [(21, 33), (64, 40), (286, 286)])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_8_bit_images_are_scaled_as_by_pillow_except_for_rounding(
    size: tuple[int, int], channels: int
) -> None:
    smooth = np.random.default_rng(0).integers(0, 256, (9, 9, channels), np.uint8)
    image = domain_images.resize(smooth, (48, 60), PHOTO)
    scaled = scale(image, size, PHOTO).permute(1, 2, 0).numpy().astype(int)
    difference = np.abs(scaled - domain_images.resize(image, size, PHOTO))
    assert difference.max() <= 2 and (difference > 1).mean() < 1e-4 and difference.mean() < 0.02


def test_label_maps_and_16_bit_images_are_scaled_as_everywhere_else() -> None:
    for pixels, domain in ((NOISE, LABELS), (NOISE.astype(np.uint16) * 257, PHOTO)):
        expected = domain_images.resize(pixels, SIZE, domain).transpose(2, 0, 1)
        assert (scale(pixels, SIZE, domain).numpy() == expected).all()


def test_an_image_of_the_cache_and_a_part_of_it_are_scaled_once(
    cache: Cache, pixels: np.ndarray
) -> None:
    scaled = ScaledImages(cache, memory=1e6)
    whole, half = scaled(pixels, SIZE, PHOTO), scaled(pixels[:, ::2], SIZE, PHOTO)
    assert torch.equal(whole, scale(pixels, SIZE, PHOTO)) and not torch.equal(whole, half)
    assert scaled(pixels, SIZE, PHOTO) is whole and scaled(pixels[:, ::2], SIZE, PHOTO) is half
    assert not torch.equal(scaled(pixels, SIZE, LABELS), whole)
    assert scaled(pixels, (11, 12), PHOTO).shape == (3, 11, 12)


def test_a_copy_is_scaled_each_time_as_a_layout_may_change_it(
    cache: Cache, pixels: np.ndarray
) -> None:
    scaled, copy = ScaledImages(cache, memory=1e6), pixels.copy()
    before = scaled(copy, SIZE, PHOTO).clone()
    copy[:] = 255 - copy
    assert not torch.equal(scaled(copy, SIZE, PHOTO), before)


def test_a_result_that_exceeds_the_memory_limit_is_not_kept(
    cache: Cache, pixels: np.ndarray
) -> None:
    scaled = ScaledImages(cache, memory=3 * SIZE[0] * SIZE[1])
    first = scaled(pixels, SIZE, PHOTO)
    second = scaled(pixels, (22, 33), PHOTO)
    assert scaled(pixels, SIZE, PHOTO) is first
    assert scaled(pixels, (22, 33), PHOTO) is not second


@pytest.mark.parametrize("size", [(286, 286), (17, 33), (1, 1)])
def test_the_memory_format_of_an_image_changes_no_scaled_pixel(size: tuple[int, int]) -> None:
    images = torch.from_numpy(NOISE).permute(2, 0, 1)[None]
    expected = torch.nn.functional.interpolate(images, size, mode="bicubic", antialias=True)[0]
    assert torch.equal(scale(NOISE, size, PHOTO), expected)
