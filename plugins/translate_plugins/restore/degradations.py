"""Random degradations of training images: grayscale, noise, blur and JPEG compression.

They are computed on the device of the images, without gradient, with the global generator.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from translate.errors import ConfigError, suggest
from translate.registry import PartConfig


def gray(images: Tensor, amount: Tensor) -> Tensor:
    """Desaturate by `amount`; at 1 all channels are the luma (ITU-R BT.601)."""
    if images.shape[1] != 3:
        return images
    from kornia.color import rgb_to_grayscale  # takes 0.3 s, and inference does not need it

    return torch.lerp(images, rgb_to_grayscale(images).expand_as(images), amount)


def noise(images: Tensor, sigma: Tensor) -> Tensor:
    """Add Gaussian noise of this standard deviation; white is 1."""
    return images + sigma * torch.randn_like(images)


def blur(images: Tensor, sigma: Tensor) -> Tensor:
    """Blur by a Gaussian of `sigma` pixels, truncated at 3 sigma; edges are replicated."""
    from kornia.filters import gaussian_blur2d

    side = 2 * int(3 * float(sigma.max()) + 0.5) + 1
    widths = sigma.flatten()[:, None].expand(-1, 2).clamp(min=1e-3)
    return gaussian_blur2d(images, (side, side), widths, border_type="replicate")


def jpeg(images: Tensor, quality: Tensor) -> Tensor:
    """Compress as JPEG does, with chroma at half the resolution.

    Kornia's rounding is differentiable: of a rounding error e, e^3 remains, which a network could
    learn to read. Compressing twice leaves e^9, as lossy as libjpeg in practice.
    """
    from kornia.enhance import jpeg_codec_differentiable

    colours = images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images
    for _ in range(2):
        colours = jpeg_codec_differentiable(colours, quality.flatten())
    return colours[:, : images.shape[1]]


class Kind(NamedTuple):
    """One kind of degradation, with the option that sets its strength."""

    apply: Callable[[Tensor, Tensor], Tensor]
    """from images (N, C, H, W) in [0, 1] and strengths (N, 1, 1, 1) to degraded images"""
    option: str
    default: float
    least: float
    most: float


KINDS: Mapping[str, Kind] = {
    "gray": Kind(gray, "amount", 1.0, 0.0, 1.0),
    "noise": Kind(noise, "sigma", 0.1, 0.0, 1.0),
    "blur": Kind(blur, "sigma", 1.5, 0.0, 20.0),
    "jpeg": Kind(jpeg, "quality", 30.0, 1.0, 100.0),
}


class Degradations:
    """A chain of degradations, such as ``["gray", {"name": "noise", "sigma": [0.05, 0.2]}]``.

    The strength of a range is drawn for each image. After each degradation, values are clipped to
    the range of a file.
    """

    def __init__(self, chain: Sequence[PartConfig]) -> None:
        if not chain:
            raise ConfigError(f"degradations: the list is empty: name some of {', '.join(KINDS)}.")
        self.links = [_link(part) for part in chain]
        self.takes_colour = any(apply is gray and most > 0 for apply, _, most in self.links)

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        """Return `images`, (N, C, H, W) in [-1, 1], degraded."""
        degraded = images.float() / 2 + 0.5
        for apply, least, most in self.links:
            share = torch.rand(len(images), 1, 1, 1, device=images.device, dtype=degraded.dtype)
            degraded = apply(degraded, least + (most - least) * share).clamp(0, 1)
        return degraded.to(images) * 2 - 1


def _link(part: PartConfig) -> tuple[Callable[[Tensor, Tensor], Tensor], float, float]:
    """Return the function that `part` names, and the range of its strength."""
    options = {"name": part} if isinstance(part, str) else dict(part)
    name = str(options.pop("name", ""))
    if name not in KINDS:
        raise ConfigError(f"degradations: there is no {name!r}.{suggest(name, KINDS)}")
    kind = KINDS[name]
    for key in options:
        if key != kind.option:
            raise ConfigError(
                f"degradations: {name} has no option {key!r}.{suggest(key, [kind.option])}"
            )
    given = options.get(kind.option, kind.default)
    return kind.apply, *_range(f"degradations: {kind.option} of {name}", given, kind)


def _range(what: str, value: Any, kind: Kind) -> tuple[float, float]:
    """Return the smallest and largest value of `value`, a number or two."""
    ends = list(value) if isinstance(value, list | tuple) else [value] * 2
    numbers = all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends)
    if not (numbers and len(ends) == 2 and kind.least <= ends[0] <= ends[1] <= kind.most):
        raise ConfigError(
            f"{what}: expected a number from {kind.least:g} to {kind.most:g}, or [least, most], "
            f"got {value!r}."
        )
    return float(ends[0]), float(ends[1])
