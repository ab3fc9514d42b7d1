"""The buffer of generated images returns those of a plain list."""

import pytest
import torch
from torch import Tensor

from translate.nn.noise import temporary_seed
from translate.nn.pools import ImagePool


def images(count: int, *, seed: int = 0, size: int = 4) -> Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(seed))


# -- the pool --------------------------------------------------------------------------------------


def plain_pool(size: int, batches: list[Tensor]) -> list[Tensor]:
    """Reproduce CycleGAN's pool with a list, image by image."""
    pool_images: list[Tensor] = []
    outputs = []
    for batch in batches:
        returned = []
        for image in batch:
            if len(pool_images) < size:
                pool_images.append(image)
                returned.append(image)
            elif size and torch.rand(()) >= 0.5:
                position = int(torch.randint(size, ()))
                returned.append(pool_images[position])
                pool_images[position] = image
            else:
                returned.append(image)
        outputs.append(torch.stack(returned))
    return outputs


@pytest.mark.parametrize("size", [1, 3, 50])
@pytest.mark.parametrize("count", [1, 4])
def test_a_pool_returns_the_images_of_a_plain_list(size: int, count: int) -> None:
    batches = [images(count, seed=step) for step in range(40)]
    with temporary_seed(5):
        expected = plain_pool(size, batches)
    pool = ImagePool(size)
    with temporary_seed(5):
        outputs = [pool(batch) for batch in batches]
    assert all(torch.equal(a, b) for a, b in zip(outputs, expected, strict=True))
    assert len(pool.images) == min(size, 40 * count)


def test_a_pool_fills_first_and_then_returns_old_images_half_of_the_time() -> None:
    pool = ImagePool(50)
    for step in range(50):
        assert torch.equal(pool(images(1, seed=step)), images(1, seed=step))
    with temporary_seed(0):
        new = [torch.equal(pool(images(1, seed=s)), images(1, seed=s)) for s in range(50, 1050)]
    assert 440 < sum(new) < 560  # a fair coin, four deviations either way


def test_a_pool_of_size_0_returns_its_input_without_random_numbers() -> None:
    pool, before = ImagePool(0), torch.get_rng_state()
    assert torch.equal(pool(images(3)), images(3))
    assert torch.equal(torch.get_rng_state(), before)
    assert not len(pool.images)


def test_images_of_a_pool_are_detached_copies() -> None:
    pool, options = ImagePool(1), images(1).requires_grad_()
    assert not pool(options).requires_grad
    with torch.no_grad():
        options.zero_()
    assert torch.equal(pool.images, images(1))  # the pool keeps its inputs
    with temporary_seed(1):
        outputs = [pool(images(1, seed=s)) for s in range(20)]
    original = [image.clone() for image in outputs]
    for seed in range(20, 40):
        pool(images(1, seed=seed))
    assert all(torch.equal(a, b) for a, b in zip(outputs, original, strict=True))


def test_a_pool_is_not_in_the_state_dict() -> None:
    assert not ImagePool(3).state_dict()
