"""What the two sides of a game minimise, given a discriminator's scores.

Scores are logits of any shape, averaged; or a sequence of such tensors, one for each scale, whose
averages are summed (Wang et al., 2018). A discriminator's loss is the sum of its real and its fake
half: the 0.5 with which pix2pix and CycleGAN slow it down belongs to the recipe.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate.losses import Scores


class Vanilla(nn.Module):
    """Cross-entropy of real against fake, non-saturating (Goodfellow et al., 2014, section 3).

    ``softplus(-score)`` is ``-log(sigmoid(score))``, and all is well for any size of score.
    """

    def for_discriminator(self, real: Scores, fake: Scores) -> Tensor:
        return _summed(lambda score: F.softplus(-score), real) + _summed(F.softplus, fake)

    def for_generator(self, fake: Scores) -> Tensor:
        return _summed(lambda score: F.softplus(-score), fake)


class LeastSquares(nn.Module):
    """Squared distance to 1 for real and 0 for fake (Mao et al., 2017, equation 9, undivided)."""

    def for_discriminator(self, real: Scores, fake: Scores) -> Tensor:
        return _summed(lambda score: (score - 1).square(), real) + _summed(torch.square, fake)

    def for_generator(self, fake: Scores) -> Tensor:
        return _summed(lambda score: (score - 1).square(), fake)


class Hinge(nn.Module):
    """The discriminator stops at a margin of 1 (Lim and Ye, 2017; Miyato et al., 2018, eq. 16)."""

    def for_discriminator(self, real: Scores, fake: Scores) -> Tensor:
        return _summed(lambda score: F.relu(1 - score), real) + _summed(
            lambda score: F.relu(1 + score), fake
        )

    def for_generator(self, fake: Scores) -> Tensor:
        return _summed(torch.neg, fake)


def _summed(loss: Callable[[Tensor], Tensor], scores: Scores) -> Tensor:
    """Return the mean of `loss` over each scale's scores, summed over the scales."""
    scales = [scores] if isinstance(scores, Tensor) else scores
    # bf16 keeps three digits: too few for `1 - score`, and for a loss in the log
    precise = (score.to(torch.promote_types(score.dtype, torch.float32)) for score in scales)
    return torch.stack([loss(score).mean() for score in precise]).sum()
