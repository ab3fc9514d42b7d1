"""Latent vectors follow their prior."""

import pytest
import torch

from translate.errors import ConfigError
from translate.nn.latents import Prior
from translate.nn.noise import temporary_seed


@pytest.mark.parametrize(
    ("kind", "mean_square", "largest"),
    [("normal", 1, 6), ("uniform", 1 / 3, 1), ("sphere", 1, 6)],
)
def test_latent_vectors_have_the_distribution_of_their_prior(
    kind: str, mean_square: float, largest: float
) -> None:
    values = Prior(kind, dim=64).draw(500, torch.Generator().manual_seed(0))
    assert values.shape == (500, 64, 1, 1) and values.device.type == "cpu"
    assert values.mean().item() == pytest.approx(0, abs=0.02)
    assert values.square().mean().item() == pytest.approx(mean_square, rel=0.02)
    assert values.abs().max() <= largest
    lengths = values.flatten(1).norm(dim=1)
    if kind == "sphere":
        torch.testing.assert_close(lengths, torch.full((500,), 8.0))
    else:
        assert lengths.std() > 0.1
    assert torch.equal(values, Prior(kind, dim=64).draw(500, torch.Generator().manual_seed(0)))


def test_latent_vectors_come_from_the_global_generator_by_default() -> None:
    with temporary_seed(5):
        one = Prior("normal", dim=3).draw(2)
    with temporary_seed(5):
        other = Prior("normal", dim=3).draw(2)
        before = torch.get_rng_state()
        Prior("normal", dim=3).draw(2, torch.Generator())
        assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one, other)


def test_an_unknown_distribution_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match=r"'unifrm'\. Did you mean 'uniform'"):
        Prior("unifrm", dim=1)
