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
    """the length of a vector"""

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
        samples = torch.randn(shape, generator=generator)
        return samples if self.name == "normal" else F.normalize(samples) * math.sqrt(self.dim)


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
