"""The two shapes of a loss, as protocols, and the precision of losses."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

Scores: TypeAlias = Tensor | Sequence[Tensor]
"""The output of a discriminator: logits of any shape, or one tensor for each of several scales."""


class ImageLoss(Protocol):
    """A loss that compares an image with its target: a scalar, 0 when they are equal."""

    def __call__(self, output: Tensor, target: Tensor) -> Tensor: ...


class AdversarialLoss(Protocol):
    """The losses of both players of a GAN, computed from the scores of a discriminator.

    A loss whose `for_generator` needs the scores of real images, such as a relativistic one, has an
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

    It is the area under the ROC curve within a batch: 0.5 is chance, 1 tells all images apart.
    `Turn.log` records it under a name that ends in ``auc``, which `translate doctor` examines.

    Args:
        real: Scores of real images, averaged over each image and all scales.
        fake: Scores of generated images.

    Returns:
        A scalar from 0 to 1, detached.

    Example:
        >>> auc(torch.tensor([1.0, 3.0]), torch.tensor([0.0, 2.0]))
        tensor(0.7500)
    """
    first, second = _score_of_each_image(real)[:, None], _score_of_each_image(fake)[None]
    return ((first > second).float() + 0.5 * (first == second).float()).mean()


def _score_of_each_image(scores: Scores) -> Tensor:
    scales = [scores] if isinstance(scores, Tensor) else scores
    each = (torch.atleast_1d(scale.detach().float()) for scale in scales)
    return torch.stack([scale.reshape(len(scale), -1).mean(1) for scale in each]).mean(0)


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
        real: Real images, which are scored, without gradient, for relativistic losses only.

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
    """Return `values` in float32 or wider: bf16 is too coarse for squares and small differences."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
