"""Adversarial losses of discriminator and generator, given the discriminator's scores.

Scores are logits of any shape; their losses are averaged. A sequence of such tensors has one per
scale; the averages are summed (Wang et al., 2018). A discriminator's loss is the sum of the
losses of real and of generated images; recipes such as pix2pix and CycleGAN multiply it by 0.5.
"""

from collections.abc import Callable, Sequence
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.losses import Scores, at_least_float32
from translate.remedies import Remedy

LabelSmoothing = Annotated[
    float,
    "one-sided label smoothing, such as 0.1; against an overconfident discriminator",
    Remedy("discriminator saturated", 0.1),
]
LabelFlipping = Annotated[
    float,
    "fraction of images with flipped labels, such as 0.05; slows the discriminator",
    Remedy("discriminator saturated", 0.05),
]


class Vanilla(nn.Module):
    """Adversarial: binary cross-entropy, non-saturating (Goodfellow et al., 2014, section 3).

    ``softplus(-score)`` is ``-log(sigmoid(score))``, computed stably. Label smoothing is one-sided
    (Salimans et al., 2016, section 3.4): the target of generated images stays 0.
    """

    def __init__(
        self,
        *,
        saturating: Annotated[
            bool,
            "minimize log(1 - D); has no gradient against a good discriminator",
            Remedy("vanishing gradient", False),
        ] = False,
        label_smoothing: LabelSmoothing = 0.0,
        label_flipping: LabelFlipping = 0.0,
    ) -> None:
        super().__init__()
        self.saturating = saturating
        self.label_smoothing = _require_fraction("label_smoothing", label_smoothing)
        self.label_flipping = _require_fraction("label_flipping", label_flipping)

    def for_discriminator(self, real: Scores, fake: Scores) -> Tensor:
        return _discriminator_loss(
            real, fake, self._loss_as_real, F.softplus, flipped_fraction=self.label_flipping
        )

    def for_generator(self, fake: Scores, real: Scores | None = None) -> Tensor:  # noqa: ARG002
        if self.saturating:
            return _sum_over_scales(lambda score: -F.softplus(score), fake)
        return _sum_over_scales(lambda score: F.softplus(-score), fake)

    def _loss_as_real(self, score: Tensor) -> Tensor:
        return F.softplus(-score) + self.label_smoothing * score  # target 1 - smoothing


class LeastSquares(nn.Module):
    """Adversarial: least squares, 1 for real and 0 for fake (Mao et al., 2017, eq. 9)."""

    def __init__(
        self, *, label_smoothing: LabelSmoothing = 0.0, label_flipping: LabelFlipping = 0.0
    ) -> None:
        super().__init__()
        self.label_smoothing = _require_fraction("label_smoothing", label_smoothing)
        self.label_flipping = _require_fraction("label_flipping", label_flipping)

    def for_discriminator(self, real: Scores, fake: Scores) -> Tensor:
        return _discriminator_loss(
            real, fake, self._loss_as_real, torch.square, flipped_fraction=self.label_flipping
        )

    def for_generator(self, fake: Scores, real: Scores | None = None) -> Tensor:  # noqa: ARG002
        return _sum_over_scales(lambda score: (score - 1).square(), fake)

    def _loss_as_real(self, score: Tensor) -> Tensor:
        return (score - 1 + self.label_smoothing).square()


class Hinge(nn.Module):
    """Adversarial: hinge with a margin of 1 (Lim and Ye, 2017; Miyato et al., 2018, eq. 16)."""

    def __init__(self, *, label_flipping: LabelFlipping = 0.0) -> None:
        super().__init__()
        self.label_flipping = _require_fraction("label_flipping", label_flipping)

    def for_discriminator(self, real: Scores, fake: Scores) -> Tensor:
        def loss_as_real(score: Tensor) -> Tensor:
            return F.relu(1 - score)

        def loss_as_fake(score: Tensor) -> Tensor:
            return F.relu(1 + score)

        return _discriminator_loss(
            real, fake, loss_as_real, loss_as_fake, flipped_fraction=self.label_flipping
        )

    def for_generator(self, fake: Scores, real: Scores | None = None) -> Tensor:  # noqa: ARG002
        return _sum_over_scales(torch.neg, fake)


class Wasserstein(nn.Module):
    """Adversarial: difference of a critic's mean scores (Arjovsky et al., 2017, eq. 2).

    The critic must be Lipschitz continuous, by weight clipping, a gradient penalty or spectral
    norm, which the recipe or the network provides.
    """

    def for_discriminator(self, real: Scores, fake: Scores) -> Tensor:
        return _sum_over_scales(torch.neg, real) + _sum_over_scales(torch.positive, fake)

    def for_generator(self, fake: Scores, real: Scores | None = None) -> Tensor:  # noqa: ARG002
        return _sum_over_scales(torch.neg, fake)


class Relativistic(nn.Module):
    """Adversarial: relativistic average, real against fake (Jolicoeur-Martineau, 2019, eq. 9-10).

    Scores of real images are compared with the mean score of generated images, and the reverse. The
    discriminator raises real scores above the mean of generated ones, and lowers scores of
    generated images below the mean of real ones. The generator does the opposite, so it learns from
    real images as well. This is RaSGAN, with cross-entropy; means are over all scores of a scale.
    """

    relativistic = True
    """`for_generator` needs the scores of real images, too"""

    def for_discriminator(self, real: Scores, fake: Scores) -> Tensor:
        return _relative(real, fake)

    def for_generator(self, fake: Scores, real: Scores | None = None) -> Tensor:
        if real is None:
            raise ConfigError(
                "adversarial: relativistic compares generated with real images, and this recipe "
                "gives it no scores of real images: choose vanilla, lsgan or hinge."
            )
        return _relative(fake, real)


def _relative(higher: Scores, lower: Scores) -> Tensor:
    """Return the loss of `higher` scores above the mean of `lower`, and `lower` below `higher`."""
    higher_scales, lower_scales = (map(at_least_float32, _scales(s)) for s in (higher, lower))
    scale_losses = [
        F.softplus(low.mean() - high).mean() + F.softplus(low - high.mean()).mean()
        for high, low in zip(higher_scales, lower_scales, strict=True)
    ]
    return torch.stack(scale_losses).sum()


def _scales(scores: Scores) -> Sequence[Tensor]:
    return [scores] if isinstance(scores, Tensor) else scores


def _discriminator_loss(
    real: Scores,
    fake: Scores,
    loss_as_real: Callable[[Tensor], Tensor],
    loss_as_fake: Callable[[Tensor], Tensor],
    *,
    flipped_fraction: float,
) -> Tensor:
    """Return the sum of the losses of real and generated images, with some labels flipped."""
    real_loss = _loss_with_flipped_labels(real, loss_as_real, loss_as_fake, flipped_fraction)
    fake_loss = _loss_with_flipped_labels(fake, loss_as_fake, loss_as_real, flipped_fraction)
    return real_loss + fake_loss


def _loss_with_flipped_labels(
    scores: Scores,
    loss: Callable[[Tensor], Tensor],
    flipped_loss: Callable[[Tensor], Tensor],
    fraction: float,
) -> Tensor:
    """Return the loss of real or generated images, a `fraction` of them with flipped labels."""
    if not fraction:
        return _sum_over_scales(loss, scores)
    scales = _scales(scores)
    # at all scales, the labels of the same images are flipped
    is_flipped = torch.rand(len(scales[0]), device=scales[0].device) < fraction

    def loss_with_flipped_labels(score: Tensor) -> Tensor:
        mask = is_flipped.reshape(-1, *[1] * (score.ndim - 1))
        return torch.where(mask, flipped_loss(score), loss(score))

    return _sum_over_scales(loss_with_flipped_labels, scales)


def _sum_over_scales(loss: Callable[[Tensor], Tensor], scores: Scores) -> Tensor:
    """Return the mean of `loss` over the scores of each scale, summed over the scales."""
    # bfloat16 has 3 digits: too few for `1 - score`, and for a loss in the log
    return torch.stack([loss(at_least_float32(score)).mean() for score in _scales(scores)]).sum()


def _require_fraction(option: str, value: float) -> float:
    """Return `value`; raise `ConfigError` if it is not between 0 and 1."""
    if not 0 <= value <= 1:
        raise ConfigError(f"{option}: expected a fraction from 0 to 1, got {value}.")
    return value
