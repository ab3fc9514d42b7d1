"""Latent vectors: prior distributions and interpolation."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

from translate.errors import ConfigError, suggest
from translate.nn.conditioning import one_hot

PriorName = Literal["normal", "uniform", "sphere"]
"""type of a recipe's option `prior`"""
PRIORS = (*get_args(PriorName), "category")
"""names of the distributions of `Prior`"""


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
        minimum = 1 if self.name == "category" else 0
        if self.dim < minimum:
            raise ConfigError(f"latent_dim: expected {minimum} or more, got {self.dim}.")

    @property
    def parts(self) -> "tuple[Prior, ...]":
        """The distribution itself, as the only part of a latent vector: see `JointPrior`."""
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
    """the distribution of each part, in the order of the vector"""

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return sum(part.dim for part in self.parts)

    def draw(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Return latent vectors (count, dim, 1, 1) as `Prior.draw` does.

        Categories are drawn before the other parts, whatever their place in the vector.
        """
        order = sorted(range(len(self.parts)), key=lambda i: self.parts[i].name != "category")
        samples = {index: self.parts[index].draw(count, generator) for index in order}
        return torch.cat([samples[index] for index in sorted(samples)], dim=1)


def interpolate(start: Tensor, end: Tensor, count: int) -> Tensor:
    """Return latent vectors from `start` to `end` by spherical interpolation (White, 2016, sec. 2).

    Directions change by equal angles, and lengths linearly. On a straight line between two samples
    of high dimension, vectors would be shorter than samples are.

    Args:
        start: A latent vector of any shape.
        end: A latent vector of the same shape.
        count: Number of vectors, including both ends.

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
