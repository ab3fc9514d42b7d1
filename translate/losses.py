"""The two shapes of a loss, as protocols."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from torch import Tensor

Scores: TypeAlias = Tensor | Sequence[Tensor]
"""What a discriminator says: logits of any shape, or one tensor for each of several scales."""


class ImageLoss(Protocol):
    """How far an image is from the one it should be: a scalar, 0 when they agree."""

    def __call__(self, output: Tensor, target: Tensor) -> Tensor: ...


class AdversarialLoss(Protocol):
    """What each side of a game minimises, given a discriminator's scores: a scalar each."""

    def for_discriminator(self, real: Scores, fake: Scores) -> Tensor: ...

    def for_generator(self, fake: Scores) -> Tensor: ...
