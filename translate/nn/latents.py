"""Latent vectors: prior distributions and interpolation."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from translate.errors import ConfigError, suggest
from translate.nn.conditioning import one_hot

PRIORS = ("normal", "uniform", "sphere", "category")
"""The names of the distributions that a `Prior` may have."""


@dataclass(frozen=True)
class Prior:
    """The distribution of a recipe's latent vectors: a recipe's attribute ``prior``.

    ``normal`` is N(0, 1), ``uniform`` U(-1, 1) as in DCGAN (Radford et al., 2016, section 4), and
    ``sphere`` is normal, scaled to the length sqrt(dim) that normal vectors have on average.
    ``category`` is one of `dim` equally likely categories, one-hot.
    """

    name: str
    dim: int
    """the length of a vector"""

    def __post_init__(self) -> None:
        if self.name not in PRIORS:
            raise ConfigError(f"prior: there is no {self.name!r}.{suggest(self.name, PRIORS)}")
        least = int(self.name == "category")
        if self.dim < least:
            raise ConfigError(f"latent_dim: expected {least} or more, got {self.dim}.")

    @property
    def parts(self) -> "tuple[Prior, ...]":
        """The distribution itself, as the only part of a latent vector."""
        return (self,)

    def draw(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Return latent vectors, on the CPU.

        Args:
            count: Number of vectors.
            generator: Source of random numbers; the global one, which checkpoints save, by default.

        Returns:
            (count, dim, 1, 1).
        """
        if self.name == "category":
            return one_hot(torch.randint(self.dim, (count,), generator=generator), self.dim)
        shape = (count, self.dim, 1, 1)
        if self.name == "uniform":
            return torch.rand(shape, generator=generator) * 2 - 1
        samples = torch.randn(shape, generator=generator)
        return samples if self.name == "normal" else F.normalize(samples) * math.sqrt(self.dim)


@dataclass(frozen=True)
class JointPrior:
    """The distribution of latent vectors of independent parts, such as the codes of InfoGAN."""

    parts: tuple[Prior, ...]
    """in their order in the vector"""

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return sum(part.dim for part in self.parts)

    def draw(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Return latent vectors (count, dim, 1, 1) as `Prior.draw` does; categories first."""
        order = sorted(range(len(self.parts)), key=lambda i: self.parts[i].name != "category")
        drawn = {index: self.parts[index].draw(count, generator) for index in order}
        return torch.cat([drawn[index] for index in sorted(drawn)], dim=1)


def interpolate(start: Tensor, end: Tensor, count: int) -> Tensor:
    """Return latent vectors between two, by spherical interpolation (White, 2016, section 2).

    Directions change by equal angles, lengths linearly. A straight line between two samples of high
    dimension would pass through lengths that samples do not have.

    Args:
        start: A latent vector of any shape.
        end: Another of the same shape.
        count: Number of vectors, both ends included.

    Returns:
        (count, *shape).
    """
    first, second = start.flatten(), end.flatten()
    cosine = torch.dot(first, second) / (first.norm() * second.norm())
    angle = torch.arccos(cosine.clamp(-1, 1))
    fraction = torch.linspace(0, 1, count, device=start.device)[:, None]
    length = torch.lerp(first.norm(), second.norm(), fraction)
    if angle.sin().abs() < 1e-4:  # parallel vectors span no angle
        return torch.lerp(first, second, fraction).unflatten(1, start.shape)
    direction = torch.sin((1 - fraction) * angle) * first / first.norm()
    direction = direction + torch.sin(fraction * angle) * second / second.norm()
    return (length * direction / angle.sin()).unflatten(1, start.shape)
