"""Latent vectors: prior distributions and interpolation."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from translate.errors import ConfigError, suggest

PRIORS = ("normal", "uniform", "sphere")
"""The names of the distributions that a `Prior` may have."""


@dataclass(frozen=True)
class Prior:
    """The distribution of a recipe's latent vectors: a recipe's attribute ``prior``.

    ``normal`` is N(0, 1), ``uniform`` U(-1, 1) as in DCGAN (Radford et al., 2016, section 4), and
    ``sphere`` is normal, scaled to the length sqrt(dim) that normal vectors have on average.
    """

    name: str
    dim: int
    """the number of entries of a vector"""

    def __post_init__(self) -> None:
        if self.name not in PRIORS:
            raise ConfigError(f"prior: there is no {self.name!r}.{suggest(self.name, PRIORS)}")
        if self.dim < 0:
            raise ConfigError(f"latent_dim: expected 0 or more, got {self.dim}.")

    def draw(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Return latent vectors, on the CPU.

        Args:
            count: Number of vectors.
            generator: Source of random numbers; the global one, which checkpoints save, by default.

        Returns:
            (count, dim, 1, 1).
        """
        shape = (count, self.dim, 1, 1)
        if self.name == "uniform":
            return torch.rand(shape, generator=generator) * 2 - 1
        drawn = torch.randn(shape, generator=generator)
        return drawn if self.name == "normal" else F.normalize(drawn) * math.sqrt(self.dim)


def interpolate(start: Tensor, end: Tensor, count: int) -> Tensor:
    """Return latent vectors between two, by spherical interpolation (White, 2016, section 2).

    Directions change by equal angles and lengths linearly. A straight line between two samples of
    high dimension would lead through lengths that samples do not have.

    Args:
        start: A latent vector of any shape.
        end: Another of the same shape.
        count: Number of vectors, both ends included.

    Returns:
        (count, *shape).
    """
    one, other = start.flatten(), end.flatten()
    cosine = torch.dot(one, other) / (one.norm() * other.norm())
    angle = torch.arccos(cosine.clamp(-1, 1))
    share = torch.linspace(0, 1, count, device=start.device)[:, None]
    length = torch.lerp(one.norm(), other.norm(), share)
    if angle.sin().abs() < 1e-4:  # along one line there is no angle
        return torch.lerp(one, other, share).unflatten(1, start.shape)
    direction = torch.sin((1 - share) * angle) * one / one.norm()
    direction = direction + torch.sin(share * angle) * other / other.norm()
    return (length * direction / angle.sin()).unflatten(1, start.shape)
