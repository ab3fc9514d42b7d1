"""Latent vectors: prior distributions and interpolation."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from translate.errors import ConfigError, suggest


def latent(
    kind: str, count: int, channels: int, generator: torch.Generator | None = None
) -> Tensor:
    """Return `count` draws of noise, (count, channels, 1, 1), on the CPU.

    ``normal`` is N(0, 1), ``uniform`` U(-1, 1) as in DCGAN (Radford et al., 2016, section 4), and
    ``sphere`` is normal, scaled to the length sqrt(channels) that normal noise has on average.
    """
    if kind not in LATENTS:
        raise ConfigError(f"latent: there is no {kind!r}.{suggest(kind, LATENTS)}")
    shape = (count, channels, 1, 1)
    if kind == "uniform":
        return torch.rand(shape, generator=generator) * 2 - 1
    drawn = torch.randn(shape, generator=generator)
    return drawn if kind == "normal" else F.normalize(drawn) * math.sqrt(channels)


LATENTS = ("normal", "uniform", "sphere")
"""The distributions that `latent` draws from."""


def interpolate(start: Tensor, end: Tensor, count: int) -> Tensor:
    """Return `count` vectors, (count, *shape), on the way from `start` to `end`, both included.

    They turn by equal angles, and their lengths go evenly from the one's to the other's: a straight
    line between two draws of high dimension would lead through lengths that no draw has (White,
    2016, section 2).
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
