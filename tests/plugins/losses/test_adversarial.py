"""The adversarial losses, against values computed by hand; the contract tests gradients."""

from math import exp, log

import pytest
import torch
from torch import nn, tensor

from translate.errors import ConfigError
from translate_plugins.losses.adversarial import (
    Hinge,
    LeastSquares,
    Relativistic,
    Vanilla,
    Wasserstein,
)

ADVERSARIAL_LOSSES = [
    Vanilla(),
    Vanilla(saturating=True, label_smoothing=0.1),
    LeastSquares(),
    Hinge(),
    Wasserstein(),
]


def test_vanilla_is_the_cross_entropy_of_logits():
    loss, zero, three = Vanilla(), tensor([0.0]), tensor([log(3)])  # probabilities 1/2 and 3/4
    assert loss.for_discriminator(zero, zero).item() == pytest.approx(2 * log(2))
    assert loss.for_discriminator(three, -three).item() == pytest.approx(2 * log(4 / 3))
    assert loss.for_discriminator(-three, -three).item() == pytest.approx(log(4) + log(4 / 3))
    assert loss.for_generator(three).item() == pytest.approx(log(4 / 3))
    real, fake = torch.randn(2, 1, 5, 5), torch.randn(2, 1, 5, 5)
    ones, zeros = torch.ones_like(real), torch.zeros_like(fake)
    entropy = nn.BCEWithLogitsLoss()
    expected = entropy(real, ones) + entropy(fake, zeros)
    torch.testing.assert_close(loss.for_discriminator(real, fake), expected)


def test_vanilla_stays_finite_and_does_not_saturate():
    fake = tensor([-1e4, 1e4], requires_grad=True)
    loss = Vanilla().for_generator(fake)
    assert loss.item() == pytest.approx(5e3)
    loss.backward()
    torch.testing.assert_close(fake.grad, tensor([-0.5, 0.0]))  # -1 / 2 in the mean of two scores


def test_lsgan_is_the_mean_squared_distance_to_one_and_zero():
    loss = LeastSquares()
    real, fake = tensor([1.0, 3.0]), tensor([0.0, 2.0])
    assert loss.for_discriminator(real, fake) == (0 + 4) / 2 + (0 + 4) / 2
    assert loss.for_discriminator(tensor([1.0]), tensor([0.0])) == 0
    assert loss.for_generator(fake) == (1 + 1) / 2


def test_the_hinge_loss_is_zero_beyond_the_margin():
    loss = Hinge()
    real, fake = tensor([2.0, 0.5]), tensor([-2.0, 0.5])
    assert loss.for_discriminator(real, fake) == (0 + 0.5) / 2 + (0 + 1.5) / 2
    assert loss.for_generator(fake) == 0.75
    assert loss.for_generator(tensor([3.0])) == -3


def test_relativistic_scores_are_relative_to_the_mean_of_real_or_fake_scores():
    real, fake = tensor([2.0, 0.0]), tensor([1.0, -1.0])  # with means of 1 and 0

    def mean_cost(*margins):  # of -log(sigmoid(margin))
        return sum(log(1 + exp(-margin)) for margin in margins) / 2

    loss = Relativistic()
    for_discriminator = mean_cost(2 - 0, 0 - 0) + mean_cost(1 - 1, 1 + 1)
    assert loss.for_discriminator(real, fake).item() == pytest.approx(for_discriminator)
    for_generator = mean_cost(1 - 1, -1 - 1) + mean_cost(0 - 2, 0 - 0)
    assert loss.for_generator(fake, real).item() == pytest.approx(for_generator)
    of_two_scales = loss.for_generator([fake, fake], [real, real])
    torch.testing.assert_close(of_two_scales, 2 * loss.for_generator(fake, real))


def test_a_relativistic_loss_without_real_scores_is_refused_with_a_choice():
    with pytest.raises(ConfigError, match="no scores of real images: choose vanilla"):
        Relativistic().for_generator(tensor([1.0]))


def test_the_saturating_loss_has_no_gradient_for_detected_fakes():
    fake = tensor([0.0, -10.0], dtype=torch.double, requires_grad=True)
    loss = Vanilla(saturating=True).for_generator(fake)  # log(1 - D): D is 1/2 and 1/(1 + e^10)
    assert loss.item() == pytest.approx((log(1 / 2) + log(1 / (1 + exp(-10)))) / 2)
    (saturating,) = torch.autograd.grad(loss, fake)
    assert saturating.tolist() == pytest.approx([-1 / 4, -1 / (1 + exp(10)) / 2])
    (non_saturating,) = torch.autograd.grad(Vanilla().for_generator(fake), fake)
    assert non_saturating.tolist() == pytest.approx([-1 / 4, -1 / (1 + exp(-10)) / 2])


def test_wasserstein_is_the_difference_of_means():
    loss = Wasserstein()
    real, fake = tensor([1.0, 3.0]), tensor([0.0, -1.0])
    assert loss.for_discriminator(real, fake) == -2.0 - 0.5
    assert loss.for_generator(fake) == 0.5


@pytest.mark.parametrize("adversarial_loss", ADVERSARIAL_LOSSES)
def test_each_scale_is_averaged_and_the_averages_are_summed(adversarial_loss):
    real, fake = ([torch.randn(2, 1, 8, 8), torch.randn(2, 1, 4, 4)] for _ in range(2))
    torch.testing.assert_close(
        adversarial_loss.for_discriminator(real, fake),
        sum(adversarial_loss.for_discriminator(r, f) for r, f in zip(real, fake, strict=True)),
    )
    torch.testing.assert_close(
        adversarial_loss.for_generator(tuple(fake)),
        sum(adversarial_loss.for_generator(f) for f in fake),
    )


@pytest.mark.parametrize("adversarial_loss", ADVERSARIAL_LOSSES)
def test_adversarial_losses_are_computed_in_at_least_float32(adversarial_loss):
    score = tensor([0.333], dtype=torch.bfloat16)
    assert adversarial_loss.for_discriminator(score, score).dtype == torch.float32
    torch.testing.assert_close(
        adversarial_loss.for_generator(score), adversarial_loss.for_generator(score.float())
    )
    assert adversarial_loss.for_generator(score.double()).dtype == torch.float64
