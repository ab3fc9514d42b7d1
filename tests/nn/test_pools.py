"""The buffer of generated images returns the images that CycleGAN's buffer returns."""

import pytest
import torch
from torch import Tensor

from translate.nn.noise import temporary_seed
from translate.nn.pools import ImagePool


def images(count: int, *, seed: int = 0) -> Tensor:
    return torch.randn(count, 3, 4, 4, generator=torch.Generator().manual_seed(seed))


def exchange_in_list(pool_images: list[Tensor], size: int, image: Tensor) -> Tensor:
    """Return what a pool with `pool_images` returns for `image`, as CycleGAN's code does."""
    if len(pool_images) < size:
        pool_images.append(image)
    elif size and torch.rand(()) >= 0.5:
        position = int(torch.randint(size, ()))
        image, pool_images[position] = pool_images[position], image
    return image


@pytest.mark.parametrize("size", [1, 3, 50])
@pytest.mark.parametrize("count", [1, 4])
def test_a_pool_returns_the_same_images_as_a_list(size: int, count: int) -> None:
    batches = [images(count, seed=step) for step in range(40)]
    pool_images: list[Tensor] = []
    with temporary_seed(5):
        expected = [exchange_in_list(pool_images, size, image) for image in torch.cat(batches)]
    pool = ImagePool(size)
    with temporary_seed(5):
        outputs = torch.cat([pool(batch) for batch in batches])
    assert torch.equal(outputs, torch.stack(expected))
    assert len(pool.images) == min(size, 40 * count)


def test_a_pool_fills_first_and_then_returns_old_images_half_of_the_time() -> None:
    pool = ImagePool(50)
    for step in range(50):
        assert torch.equal(pool(images(1, seed=step)), images(1, seed=step))
    with temporary_seed(0):
        is_new = [torch.equal(pool(images(1, seed=s)), images(1, seed=s)) for s in range(50, 1050)]
    assert 440 < sum(is_new) < 560  # within four standard deviations of 1,000 coin flips


def test_a_pool_of_size_0_returns_its_input_without_random_numbers() -> None:
    pool, before = ImagePool(0), torch.get_rng_state()
    assert torch.equal(pool(images(3)), images(3))
    assert torch.equal(torch.get_rng_state(), before)
    assert not len(pool.images)


def test_images_of_a_pool_are_detached_copies() -> None:
    pool, batch = ImagePool(1), images(1).requires_grad_()
    assert not pool(batch).requires_grad
    with torch.no_grad():
        batch.zero_()
    assert torch.equal(pool.images, images(1))  # before the change
    with temporary_seed(1):
        outputs = [pool(images(1, seed=s)) for s in range(20)]
    copies = [image.clone() for image in outputs]
    for seed in range(20, 40):
        pool(images(1, seed=seed))
    assert all(map(torch.equal, outputs, copies))


def test_a_pool_is_not_in_the_state_dict() -> None:
    assert not ImagePool(3).state_dict()
