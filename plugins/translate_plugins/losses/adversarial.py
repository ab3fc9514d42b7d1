"""What the two sides of a game minimise, given a discriminator's scores.

Scores are logits of any shape, averaged; or a sequence of such tensors, one for each scale, whose
averages are summed (Wang et al., 2018). A discriminator's loss is the sum of its real and its fake
half: the 0.5 with which pix2pix and CycleGAN slow it down belongs to the recipe.
"""

from collections.abc import Callable, Sequence
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.losses import Scores
from translate.nn.precision import at_least_float32

Smooth = Annotated[
    float, "taken off the targets of real images, 0.1 say: against an overconfident discriminator"
]
Flip = Annotated[
    float, "share of images with the wrong label, 0.05 say: against a discriminator far ahead"
]


class Vanilla(nn.Module):
    """Adversarial: binary cross-entropy, non-saturating (Goodfellow et al., 2014, section 3).

    ``softplus(-score)`` is ``-log(sigmoid(score))``, and all is well for any size of score.
    `smooth` is one-sided (Salimans et al., 2016, section 3.4): the target of fakes stays 0.
    """

    def __init__(
        self,
        *,
        saturating: Annotated[
            bool,
            "minimise log(1 - D); has no gradient against a good discriminator",
        ] = False,
        label_smoothing: Smooth = 0.0,
        label_flipping: Flip = 0.0,
    ) -> None:
        super().__init__()
        self.saturating = saturating
        self.label_smoothing, self.label_flipping = (
            _share(smooth=label_smoothing),
            _share(flip=label_flipping),
        )

    def for_discriminator(self, real: Scores, fake: Scores) -> Tensor:
        return _half(real, self._as_real, F.softplus, self.label_flipping) + _half(
            fake, F.softplus, self._as_real, self.label_flipping
        )

    def for_generator(self, fake: Scores, real: Scores | None = None) -> Tensor:  # noqa: ARG002
        if self.saturating:
            return _summed(lambda score: -F.softplus(score), fake)
        return _summed(lambda score: F.softplus(-score), fake)

    def _as_real(self, score: Tensor) -> Tensor:
        return F.softplus(-score) + self.label_smoothing * score  # cross-entropy with 1 - smooth


class LeastSquares(nn.Module):
    """Adversarial: least squares, 1 for real and 0 for fake (Mao et al., 2017, eq. 9)."""

    def __init__(self, *, label_smoothing: Smooth = 0.0, label_flipping: Flip = 0.0) -> None:
        super().__init__()
        self.label_smoothing, self.label_flipping = (
            _share(smooth=label_smoothing),
            _share(flip=label_flipping),
        )

    def for_discriminator(self, real: Scores, fake: Scores) -> Tensor:
        return _half(real, self._as_real, torch.square, self.label_flipping) + _half(
            fake, torch.square, self._as_real, self.label_flipping
        )

    def for_generator(self, fake: Scores, real: Scores | None = None) -> Tensor:  # noqa: ARG002
        return _summed(lambda score: (score - 1).square(), fake)

    def _as_real(self, score: Tensor) -> Tensor:
        return (score - 1 + self.label_smoothing).square()


class Hinge(nn.Module):
    """Adversarial: hinge with a margin of 1 (Lim and Ye, 2017; Miyato et al., 2018, eq. 16)."""

    def __init__(self, *, label_flipping: Flip = 0.0) -> None:
        super().__init__()
        self.label_flipping = _share(flip=label_flipping)

    def for_discriminator(self, real: Scores, fake: Scores) -> Tensor:
        def as_real(score: Tensor) -> Tensor:
            return F.relu(1 - score)

        def as_fake(score: Tensor) -> Tensor:
            return F.relu(1 + score)

        return _half(real, as_real, as_fake, self.label_flipping) + _half(
            fake, as_fake, as_real, self.label_flipping
        )

    def for_generator(self, fake: Scores, real: Scores | None = None) -> Tensor:  # noqa: ARG002
        return _summed(torch.neg, fake)


class Wasserstein(nn.Module):
    """Adversarial: difference of a critic's mean scores (Arjovsky et al., 2017, eq. 2).

    It means something only for a critic whose slope is bounded: by clipped weights, by a gradient
    penalty or by spectral norm, which are the recipe's business or the network's.
    """

    def for_discriminator(self, real: Scores, fake: Scores) -> Tensor:
        return _summed(torch.neg, real) + _summed(torch.positive, fake)

    def for_generator(self, fake: Scores, real: Scores | None = None) -> Tensor:  # noqa: ARG002
        return _summed(torch.neg, fake)


class Relativistic(nn.Module):
    """Adversarial: relativistic average, real against fake (Jolicoeur-Martineau, 2019, eq. 9-10).

    Each score counts relative to the mean of the other kind's: the discriminator raises real scores
    above the mean of the fake ones, and lowers fake ones below that of the real; the generator does
    the opposite, and so learns from real images as well. This is RaSGAN, with cross-entropy; means
    are over all scores of a scale.
    """

    relativistic = True

    def for_discriminator(self, real: Scores, fake: Scores) -> Tensor:
        return _relative(real, fake)

    def for_generator(self, fake: Scores, real: Scores | None = None) -> Tensor:
        if real is None:
            raise ConfigError(
                "adversarial: relativistic compares generated with real images, and this recipe "
                "gives it no scores of real ones: choose vanilla, lsgan or hinge."
            )
        return _relative(fake, real)


def _relative(higher: Scores, lower: Scores) -> Tensor:
    """Return the cross-entropy of `higher` being above the mean of `lower`, and the reverse."""
    both = ([at_least_float32(s) for s in _scales(scores)] for scores in (higher, lower))
    return torch.stack(
        [
            F.softplus(low.mean() - high).mean() + F.softplus(low - high.mean()).mean()
            for high, low in zip(*both, strict=True)
        ]
    ).sum()


def _scales(scores: Scores) -> Sequence[Tensor]:
    return [scores] if isinstance(scores, Tensor) else scores


def _half(
    scores: Scores,
    usual: Callable[[Tensor], Tensor],
    other: Callable[[Tensor], Tensor],
    flip: float,
) -> Tensor:
    """Return what a half of the batch costs, where a share `flip` of it has the other's label."""
    if not flip:
        return _summed(usual, scores)
    scales = _scales(scores)
    flipped = torch.rand(len(scales[0]), device=scales[0].device) < flip  # at all scales alike

    def loss(score: Tensor) -> Tensor:
        chosen = flipped.reshape(-1, *[1] * (score.ndim - 1))
        return torch.where(chosen, other(score), usual(score))

    return _summed(loss, scales)


def _summed(loss: Callable[[Tensor], Tensor], scores: Scores) -> Tensor:
    """Return the mean of `loss` over each scale's scores, summed over the scales."""
    # bf16 keeps three digits: too few for `1 - score`, and for a loss in the log
    return torch.stack([loss(at_least_float32(score)).mean() for score in _scales(scores)]).sum()


def _share(**option: float) -> float:
    """Return the one `option` given, a share; `ConfigError` where it is none."""
    ((name, value),) = option.items()
    if not 0 <= value <= 1:
        raise ConfigError(f"{name}: expected a share from 0 to 1, got {value}.")
    return value
