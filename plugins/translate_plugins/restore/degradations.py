"""Random degradations of training images: grayscale, noise, blur and JPEG compression.

Degradations run on the device of the images, without gradient, with PyTorch's global random
generator.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from translate.errors import ConfigError, suggest
from translate.registry import PartConfig


def gray(images: Tensor, amount: Tensor) -> Tensor:
    """Desaturate by `amount`, 0 to 1; at 1 all channels are the luma (ITU-R BT.601)."""
    if images.shape[1] != 3:
        return images
    from kornia.color import rgb_to_grayscale  # takes 0.3 s; inference does not need kornia

    return torch.lerp(images, rgb_to_grayscale(images).expand_as(images), amount)


def noise(images: Tensor, sigma: Tensor) -> Tensor:
    """Add Gaussian noise of this standard deviation; black is 0, white is 1."""
    return images + sigma * torch.randn_like(images)


def blur(images: Tensor, sigma: Tensor) -> Tensor:
    """Blur by a Gaussian of `sigma` pixels, truncated at 3 sigma; edges are replicated."""
    from kornia.filters import gaussian_blur2d

    kernel_size = 2 * int(3 * float(sigma.max()) + 0.5) + 1
    sigmas = sigma.flatten()[:, None].expand(-1, 2).clamp(min=1e-3)
    return gaussian_blur2d(images, (kernel_size, kernel_size), sigmas, border_type="replicate")


def jpeg(images: Tensor, quality: Tensor) -> Tensor:
    """Compress as JPEG does, with chroma at half the resolution.

    Kornia's differentiable rounding leaves e^3 of a rounding error e below 0.5, and a network could
    learn to undo the compression from it. Compressing twice leaves e^9: in practice the result is
    as lossy as libjpeg's.
    """
    from kornia.enhance import jpeg_codec_differentiable

    colours = images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images
    for _ in range(2):
        colours = jpeg_codec_differentiable(colours, quality.flatten())
    return colours[:, : images.shape[1]]


Degrade = Callable[[Tensor, Tensor], Tensor]
"""from images (N, C, H, W) in [0, 1] and strengths (N, 1, 1, 1) to degraded images"""


class DegradationKind(NamedTuple):
    """A kind of degradation, with the option that sets its strength and the option's limits."""

    degrade: Degrade
    option: str
    default: float
    minimum: float
    maximum: float


KINDS: Mapping[str, DegradationKind] = {
    "gray": DegradationKind(gray, "amount", default=1.0, minimum=0.0, maximum=1.0),
    "noise": DegradationKind(noise, "sigma", default=0.1, minimum=0.0, maximum=1.0),
    "blur": DegradationKind(blur, "sigma", default=1.5, minimum=0.0, maximum=20.0),
    "jpeg": DegradationKind(jpeg, "quality", default=30.0, minimum=1.0, maximum=100.0),
}


class DegradationStep(NamedTuple):
    """A degradation of a chain, with the range of its strength."""

    degrade: Degrade
    min_strength: float
    max_strength: float


class DegradationChain:
    """A chain of degradations, such as ``["gray", {"name": "noise", "sigma": [0.05, 0.2]}]``.

    A strength given as a range, ``[smallest, largest]``, is drawn uniformly for each image. After
    each degradation, values are clipped to [0, 1], as in a file.
    """

    def __init__(self, chain: Sequence[PartConfig]) -> None:
        if not chain:
            raise ConfigError(
                f"degradations: the list is empty: expected at least one of {', '.join(KINDS)}."
            )
        self.steps = [_parse_step(part) for part in chain]
        self.desaturates = any(s.degrade is gray and s.max_strength > 0 for s in self.steps)

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        """Return `images`, (N, C, H, W) in [-1, 1], degraded."""
        degraded = images.float() / 2 + 0.5
        for degrade, minimum, maximum in self.steps:
            fraction = torch.rand(len(images), 1, 1, 1, device=images.device, dtype=degraded.dtype)
            strength = minimum + (maximum - minimum) * fraction
            degraded = degrade(degraded, strength).clamp(0, 1)
        return degraded.to(images) * 2 - 1


def _parse_step(part: PartConfig) -> DegradationStep:
    """Return the degradation that `part` names; raises `ConfigError` for unknown names."""
    options = {"name": part} if isinstance(part, str) else dict(part)
    name = str(options.pop("name", ""))
    if name not in KINDS:
        raise ConfigError(f"degradations: unknown degradation {name!r}.{suggest(name, KINDS)}")
    kind = KINDS[name]
    for key in options:
        if key != kind.option:
            raise ConfigError(
                f"degradations: {name} has no option {key!r}.{suggest(key, [kind.option])}"
            )
    strength = options.get(kind.option, kind.default)
    return DegradationStep(kind.degrade, *_parse_range(f"{kind.option} of {name}", strength, kind))


def _parse_range(option: str, value: Any, kind: DegradationKind) -> tuple[float, float]:
    """Return the smallest and the largest strength of `value`, which is one number or two."""
    ends = list(value) if isinstance(value, list | tuple) else [value] * 2
    are_numbers = all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends)
    is_range = are_numbers and len(ends) == 2
    if not (is_range and kind.minimum <= ends[0] <= ends[1] <= kind.maximum):
        raise ConfigError(
            f"degradations: {option}: expected a number from {kind.minimum:g} to "
            f"{kind.maximum:g}, or [smallest, largest], got {value!r}."
        )
    return float(ends[0]), float(ends[1])
