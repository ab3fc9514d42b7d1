"""The buffer of generated images shows what a plain list would."""

import pytest
import torch
from torch import Tensor

from translate.nn.noise import seeded
from translate.nn.pools import ImagePool


def images(count: int, *, seed: int = 0, size: int = 4) -> Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(seed))


# -- the pool --------------------------------------------------------------------------------------


def plain_pool(size: int, batches: list[Tensor]) -> list[Tensor]:
    """Do what CycleGAN's pool does, image by image, with a list."""
    held: list[Tensor] = []
    shown = []
    for batch in batches:
        returned = []
        for image in batch:
            if len(held) < size:
                held.append(image)
                returned.append(image)
            elif size and torch.rand(()) >= 0.5:
                place = int(torch.randint(size, ()))
                returned.append(held[place])
                held[place] = image
            else:
                returned.append(image)
        shown.append(torch.stack(returned))
    return shown


@pytest.mark.parametrize("size", [1, 3, 50])
@pytest.mark.parametrize("count", [1, 4])
def test_a_pool_shows_what_a_plain_list_would(size: int, count: int) -> None:
    batches = [images(count, seed=step) for step in range(40)]
    with seeded(5):
        expected = plain_pool(size, batches)
    pool = ImagePool(size)
    with seeded(5):
        shown = [pool(batch) for batch in batches]
    assert all(torch.equal(a, b) for a, b in zip(shown, expected, strict=True))
    assert len(pool.images) == min(size, 40 * count)


def test_a_pool_fills_first_and_then_shows_half_of_the_old() -> None:
    pool = ImagePool(50)
    for step in range(50):
        assert torch.equal(pool(images(1, seed=step)), images(1, seed=step))
    with seeded(0):
        new = [torch.equal(pool(images(1, seed=s)), images(1, seed=s)) for s in range(50, 1050)]
    assert 440 < sum(new) < 560  # a fair coin, four deviations either way


def test_a_pool_of_no_size_returns_what_it_is_given_and_draws_nothing() -> None:
    pool, before = ImagePool(0), torch.get_rng_state()
    assert torch.equal(pool(images(3)), images(3))
    assert torch.equal(torch.get_rng_state(), before)
    assert not len(pool.images)


def test_what_a_pool_shows_has_no_gradient_and_is_its_own_memory() -> None:
    pool, given = ImagePool(1), images(1).requires_grad_()
    assert not pool(given).requires_grad
    with torch.no_grad():
        given.zero_()
    assert torch.equal(pool.images, images(1))  # the pool keeps what it was shown
    with seeded(1):
        shown = [pool(images(1, seed=s)) for s in range(20)]
    kept = [image.clone() for image in shown]
    for seed in range(20, 40):
        pool(images(1, seed=seed))
    assert all(torch.equal(a, b) for a, b in zip(shown, kept, strict=True))


def test_a_pool_is_no_weight() -> None:
    assert not ImagePool(3).state_dict()
