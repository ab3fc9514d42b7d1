"""The check of a loss reports which rule the loss breaks."""

import pytest
import torch.nn.functional as F
from swapped_loss import SwapsRealAndFake, scales
from torch import nn
from valid_recipe import register_parts

from translate.testing import check_loss


class NotAScalar(nn.Module):
    def forward(self, output, target):
        return (output - target).abs()


class IsHighestForEqualImages(nn.Module):
    def forward(self, output, target):
        return 1 - F.l1_loss(output, target)


class RootOfZero(nn.Module):
    def forward(self, output, target):
        return F.mse_loss(output, target).sqrt()


class HalfTheGradient(nn.Module):
    def forward(self, output, target):
        error = F.mse_loss(output, target)
        return 0.5 * error + 0.5 * error.detach()


class HasNoGradient(nn.Module):
    def forward(self, output, target):
        return F.mse_loss(output.detach(), target.detach())


class UndeclaredRelativistic(nn.Module):
    def for_discriminator(self, real, fake):
        return sum((f - r).mean() for r, f in zip(scales(real), scales(fake), strict=True))

    def for_generator(self, fake, real=None):
        real_score = 0 if real is None else sum(score.mean() for score in scales(real))
        return real_score - sum(score.mean() for score in scales(fake))


class OneScaleOnly(nn.Module):
    def for_discriminator(self, real, fake):
        return fake.mean() - real.mean()

    def for_generator(self, fake, real=None):  # noqa: ARG002
        return -fake.mean()


class RefusesRealScores(OneScaleOnly):
    def for_generator(self, fake):
        return -fake.mean()


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (NotAScalar, "Return a finite scalar .* the loss returned tensor"),
        (HasNoGradient, "Return a finite scalar .*(does not require grad|no gradient)"),
        (IsHighestForEqualImages, "Be lowest .* Different images have a lower loss"),
        (RootOfZero, "Be lowest .* At equal images a gradient is not finite"),
        (HalfTheGradient, "Have gradients that agree .* by autograd, .* by finite differences"),
        (UndeclaredRelativistic, r"for_generator depends on real scores: set relativistic = True"),
        (RefusesRealScores, r"for_generator\(\) takes 2 positional arguments but 3 were given"),
        (SwapsRealAndFake, "does not fall as real scores rise"),
        (OneScaleOnly, "Return a finite scalar .*'list' object has no attribute 'mean'"),
    ],
)
def test_a_loss_that_breaks_a_rule_gets_its_message(register_plugin, loss, message) -> None:
    register_parts(register_plugin, losses={"tested": loss})
    with pytest.raises(AssertionError, match=message):
        check_loss("tested")
