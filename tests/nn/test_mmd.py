"""The maximum mean discrepancy (MMD) of latent codes and a prior is correct and unbiased."""

from math import sqrt

import pytest
import torch
from torch import Tensor

from translate.errors import ConfigError
from translate.nn.penalties import mmd


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def mmd_by_loops(codes: Tensor, prior: Tensor, scale: float) -> float:
    """Compute algorithm 2 of Tolstikhin et al. pair by pair."""

    def kernel(one: Tensor, other: Tensor) -> float:
        base = 2 * len(one) * scale**2
        squared_distance = float(((one - other) ** 2).sum())
        return sum(f * base / (f * base + squared_distance) for f in (0.1, 0.2, 0.5, 1, 2, 5, 10))

    count = len(codes)
    total = 0.0
    for i in range(count):
        for j in range(count):
            if i != j:
                total += kernel(codes[i], codes[j]) / (count * (count - 1))
                total += kernel(prior[i], prior[j]) / (count * (count - 1))
            total -= 2 * kernel(codes[i], prior[j]) / count**2
    return total


def test_mmd_is_the_sum_over_pairs() -> None:
    codes, prior = (torch.randn(5, 3, dtype=torch.double) for _ in range(2))
    codes += 0.5
    assert mmd(codes, prior, 2.0).item() == pytest.approx(mmd_by_loops(codes, prior, 2.0))
    pixels = mmd(codes[:, :, None, None], prior[:, :, None, None], 2.0)
    torch.testing.assert_close(pixels, mmd(codes, prior, 2.0))


def test_mmd_of_two_points_equals_the_value_by_hand() -> None:
    # 2 z scale^2 is 1, so C is each factor; both codes are 0, and both samples of the prior 1
    codes, prior, scale = torch.zeros(2, 1), torch.ones(2, 1), sqrt(0.5)
    within = 7  # seven kernels of 1 for the distance 0
    across = sum(f / (f + 1) for f in (0.1, 0.2, 0.5, 1, 2, 5, 10))
    expected = within + within - 2 * across
    assert mmd(codes, prior, scale).item() == pytest.approx(expected, rel=1e-6)


def test_mmd_is_unbiased() -> None:
    values = torch.stack([mmd(torch.randn(8, 4), torch.randn(8, 4), 1.0) for _ in range(2000)])
    assert values.mean().abs() < 4 * values.std() / sqrt(len(values))
    assert 0.2 < (values < 0).float().mean() < 0.8  # a biased estimate is never below 0
    assert mmd(torch.randn(512, 4), torch.randn(512, 4), 1.0).abs() < 0.02
    assert mmd(torch.randn(512, 4) + 1, torch.randn(512, 4), 1.0) > 0.3


def test_gradients_of_mmd_are_correct_and_move_codes_to_the_prior() -> None:
    codes = torch.randn(6, 2, dtype=torch.double).requires_grad_()
    prior = torch.randn(6, 2, dtype=torch.double)
    assert torch.autograd.gradcheck(lambda x: mmd(x, prior, 1.0), codes)
    codes = (torch.randn(64, 2) + 2).requires_grad_()
    (gradient,) = torch.autograd.grad(mmd(codes, torch.randn(64, 2), 1.0), codes)
    assert (gradient.mean(0) > 0).all()  # gradient descent decreases the mean, 2, to 0


def test_mmd_refuses_a_single_code() -> None:
    with pytest.raises(ConfigError, match=r"train\.batch_size: .* expected at least 2, got 1"):
        mmd(torch.zeros(1, 3), torch.zeros(1, 3), 1.0)
