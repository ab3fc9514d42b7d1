"""Latent vectors follow their prior."""

import pytest
import torch

from translate.errors import ConfigError
from translate.nn.latents import JointPrior, Prior
from translate.nn.noise import temporary_seed


@pytest.mark.parametrize(
    ("name", "mean_square", "largest"),
    [("normal", 1, 6), ("uniform", 1 / 3, 1), ("sphere", 1, 6)],
)
def test_latent_vectors_have_the_distribution_of_their_prior(
    name: str, mean_square: float, largest: float
) -> None:
    values = Prior(name, dim=64).draw(500, torch.Generator().manual_seed(0))
    assert values.shape == (500, 64, 1, 1) and values.device.type == "cpu"
    assert values.mean().item() == pytest.approx(0, abs=0.02)
    assert values.square().mean().item() == pytest.approx(mean_square, rel=0.02)
    assert values.abs().max() <= largest
    lengths = values.flatten(1).norm(dim=1)
    if name == "sphere":
        torch.testing.assert_close(lengths, torch.full((500,), 8.0))
    else:
        assert lengths.std() > 0.1
    assert torch.equal(values, Prior(name, dim=64).draw(500, torch.Generator().manual_seed(0)))


def test_latent_vectors_come_from_the_global_generator_by_default() -> None:
    prior = Prior("normal", dim=3)
    with temporary_seed(5):
        first = prior.draw(2)
    with temporary_seed(5):
        assert torch.equal(prior.draw(2), first)
        before = torch.get_rng_state()
        prior.draw(2, torch.Generator())
        assert torch.equal(torch.get_rng_state(), before)


def test_parts_keep_their_order_in_the_vector_but_categories_are_drawn_first() -> None:
    prior = JointPrior((Prior("normal", 2), Prior("category", 3), Prior("uniform", 1)))
    values = prior.draw(600, torch.Generator().manual_seed(0))
    assert values.shape == (600, prior.dim, 1, 1) == (600, 6, 1, 1)
    category = values.flatten(1)[:, 2:5]
    assert category.unique().tolist() == [0, 1] and torch.equal(category.sum(1), torch.ones(600))
    assert category.mean(0).tolist() == pytest.approx([1 / 3] * 3, abs=0.05)
    generator = torch.Generator().manual_seed(0)
    assert torch.equal(category.argmax(1), torch.randint(3, (600,), generator=generator))
    assert torch.equal(values[:, :2], torch.randn((600, 2, 1, 1), generator=generator))
    assert torch.equal(values[:, 5:], 2 * torch.rand((600, 1, 1, 1), generator=generator) - 1)
    with pytest.raises(ConfigError, match="expected 1 or more, got 0"):
        Prior("category", 0)


def test_an_unknown_distribution_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match=r"'unifrm'\. Did you mean 'uniform'"):
        Prior("unifrm", dim=1)
