"""Interfaces of image losses and adversarial losses, and functions that use them."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

Scores: TypeAlias = Tensor | Sequence[Tensor]
"""The output of a discriminator: logits (N, ...), or a list of them for several scales."""


class ImageLoss(Protocol):
    """A loss that compares images with targets, (N, C, H, W); a scalar, lowest for equal ones."""

    def __call__(self, output: Tensor, target: Tensor) -> Tensor: ...


class AdversarialLoss(Protocol):
    """The losses of discriminator and generator, computed from the scores of the discriminator.

    A loss that needs scores of real images in `for_generator`, such as a relativistic one, has an
    attribute ``relativistic = True``.
    """

    def for_discriminator(self, real: Scores, fake: Scores) -> Tensor:
        """Return the loss of the discriminator, a scalar.

        Args:
            real: Scores of real images.
            fake: Scores of generated images.
        """

    def for_generator(self, fake: Scores, real: Scores | None = None) -> Tensor:
        """Return the loss of the generator, a scalar.

        Args:
            fake: Scores of generated images.
            real: Scores of real images, given to relativistic losses only.
        """


def auc(real: Scores, fake: Scores) -> Tensor:
    """Return the probability that a discriminator scores a real image above a generated one.

    This is the area under the ROC curve of a batch: 0.5 is chance level, 1 is perfect
    discrimination. Log it by `Turn.log` with a name that ends in ``auc``: `translate doctor` reads
    it.

    Args:
        real: Scores of real images; they are averaged over positions and scales.
        fake: Scores of generated images.

    Returns:
        A scalar from 0 to 1, detached.

    Example:
        >>> auc(torch.tensor([1.0, 3.0]), torch.tensor([0.0, 2.0]))
        tensor(0.7500)
    """
    real_scores, fake_scores = _mean_scores(real)[:, None], _mean_scores(fake)[None]
    ties = (real_scores == fake_scores).float()
    return ((real_scores > fake_scores).float() + 0.5 * ties).mean()


def _mean_scores(scores: Scores) -> Tensor:
    """Return the score of each image, (N,): the mean over positions and scales."""
    scales = [scores] if isinstance(scores, Tensor) else scores
    scores_of_scales = (torch.atleast_1d(scale.detach().float()) for scale in scales)
    means = [scale.reshape(len(scale), -1).mean(1) for scale in scores_of_scales]
    return torch.stack(means).mean(0)


def is_relativistic(loss: AdversarialLoss) -> bool:
    """Return whether the generator's loss needs the scores of real images."""
    return bool(getattr(loss, "relativistic", False))


def generator_loss(
    loss: AdversarialLoss, discriminator: Callable[[Tensor], Scores], fake: Tensor, real: Tensor
) -> Tensor:
    """Return the loss of the generator for `fake` images.

    Args:
        loss: The adversarial loss.
        discriminator: A function from images to scores.
        fake: Generated images, (N, C, H, W).
        real: Real images (N, C, H, W). Only relativistic losses use their scores, and no gradient
            flows through these.

    Returns:
        A scalar.
    """
    scores = discriminator(fake)
    if not is_relativistic(loss):
        return loss.for_generator(scores)
    with torch.no_grad():
        real_scores = discriminator(real)
    return loss.for_generator(scores, real_scores)


def at_least_float32(values: Tensor) -> Tensor:
    """Return `values` in float32 or wider, as bf16 is too coarse for squares and differences."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
