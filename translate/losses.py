"""The two shapes of a loss, as protocols."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

Scores: TypeAlias = Tensor | Sequence[Tensor]
"""What a discriminator returns: logits of any shape, or one tensor for each of several scales."""


class ImageLoss(Protocol):
    """The distance of an image from its target: a scalar, 0 when they agree."""

    def __call__(self, output: Tensor, target: Tensor) -> Tensor: ...


class AdversarialLoss(Protocol):
    """The losses of both players of a GAN, given a discriminator's scores: a scalar each.

    A loss whose `for_generator` compares the scores of generated and real images, as relativistic
    ones do, has an attribute ``relativistic = True``: it is then given the real scores as well.
    """

    def for_discriminator(self, real: Scores, fake: Scores) -> Tensor: ...

    def for_generator(self, fake: Scores, real: Scores | None = None) -> Tensor: ...


def is_relativistic(loss: AdversarialLoss) -> bool:
    """Return whether the generator's loss needs the scores of real images."""
    return bool(getattr(loss, "relativistic", False))


def generator_loss(
    loss: AdversarialLoss, discriminator: Callable[[Tensor], Scores], fake: Tensor, real: Tensor
) -> Tensor:
    """Return the generator's `loss` for `fake` images.

    The discriminator scores `real` ones too, without gradient, where the loss is relativistic, and
    only there.
    """
    scores = discriminator(fake)
    if not is_relativistic(loss):
        return loss.for_generator(scores)
    with torch.no_grad():
        real_scores = discriminator(real)
    return loss.for_generator(scores, real_scores)
