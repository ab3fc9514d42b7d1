"""Losses that break a rule get a message with the rule."""

import pytest
import torch.nn.functional as F
from torch import Tensor, nn
from valid_recipe import register

from translate.testing import check_loss


class Unsummed(nn.Module):
    def forward(self, output, target):
        return (output - target).abs()


class BackToFront(nn.Module):
    def forward(self, output, target):
        return 1 - F.l1_loss(output, target)


class RootOfZero(nn.Module):
    def forward(self, output, target):
        return F.mse_loss(output, target).sqrt()


class HalfASlope(nn.Module):
    def forward(self, output, target):
        error = F.mse_loss(output, target)
        return 0.5 * error + 0.5 * error.detach()


class Blind(nn.Module):
    def forward(self, output, target):
        return F.mse_loss(output.detach(), target.detach())


class SidesSwapped(nn.Module):
    def for_discriminator(self, real, fake):
        return sum((r - f).mean() for r, f in zip(*map(scales, (real, fake)), strict=True))

    def for_generator(self, fake, real=None):  # noqa: ARG002
        return -sum(score.mean() for score in scales(fake))


class RelativisticUnsaid(nn.Module):
    def for_discriminator(self, real, fake):
        return sum((f - r).mean() for r, f in zip(*map(scales, (real, fake)), strict=True))

    def for_generator(self, fake, real=None):
        lowered = 0 if real is None else sum(score.mean() for score in scales(real))
        return lowered - sum(score.mean() for score in scales(fake))


class OneScaleOnly(nn.Module):
    def for_discriminator(self, real, fake):
        return fake.mean() - real.mean()

    def for_generator(self, fake, real=None):  # noqa: ARG002
        return -fake.mean()


class RefusesRealScores(OneScaleOnly):
    def for_generator(self, fake):
        return -fake.mean()


def scales(scores):
    return [scores] if isinstance(scores, Tensor) else scores


@pytest.mark.parametrize(
    ("loss", "complaint"),
    [
        (Unsummed, "Return a finite scalar .* the loss returned tensor"),
        (Blind, "Return a finite scalar .*(does not require grad|no gradient)"),
        (BackToFront, "Be lowest .* Different images cost less than equal ones"),
        (RootOfZero, "Be lowest .* At equal images a gradient is not finite"),
        (HalfASlope, "Have gradients that agree .* by autograd, .* by differences"),
        (RelativisticUnsaid, r"for_generator depends on real scores: set relativistic = True"),
        (RefusesRealScores, r"for_generator\(\) takes 2 positional arguments but 3 were given"),
        (SidesSwapped, "does not fall as real scores rise"),
        (OneScaleOnly, "Return a finite scalar .*'list' object has no attribute 'mean'"),
    ],
)
def test_a_loss_that_breaks_a_rule_is_told_so(register_plugin, loss, complaint) -> None:
    register(register_plugin, losses={"stranger": loss})
    with pytest.raises(AssertionError, match=complaint):
        check_loss("stranger")
