"""Differentiable augmentation: real and generated images are changed alike, with gradients."""

from collections.abc import Callable, Mapping
from typing import Annotated

import torch
from torch import Tensor, nn

from translate.errors import ConfigError, suggest
from translate.registry import Part, create_discriminator
from translate_plugins.remedies.before import Before


def augmented(
    in_channels: int,
    *,
    of: Annotated[Part, "discriminator that it wraps"] = "patch",
    policy: Annotated[str, "of color, translation, cutout"] = "color,translation,cutout",
    colors: Annotated[int, "first channels that color changes; 0: 3, or 1 of fewer"] = 0,
    size: Annotated[tuple[int, int], "of a training crop"] = (256, 256),
) -> nn.Module:
    """DiffAugment, on all that it sees: against a discriminator that learns few images by heart."""
    steps = [step.strip() for step in policy.split(",")]
    for step in steps:
        if step not in POLICIES:
            raise ConfigError(f"policy: there is no {step!r}.{suggest(step, POLICIES)}")
    if not 0 <= colors <= in_channels:
        raise ConfigError(f"colors: of {in_channels} channels, {colors} cannot be changed.")
    network = create_discriminator(of, in_channels=in_channels, size=size)
    return Before(Augment(steps, colors or (3 if in_channels >= 3 else 1)), network)


class Augment(nn.Module):
    """Change images (N, C, H, W) at random while training, each in its own way.

    Zhao et al. (2020), section 3.3 and its code. All channels move together; what lies behind the
    first `colors`, such as the planes of labels, keeps its values.
    """

    def __init__(self, steps: list[str], colors: int) -> None:
        super().__init__()
        self.steps, self.colors = steps, colors

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            for step in self.steps:
                x = POLICIES[step](x, self.colors)
        return x

    def extra_repr(self) -> str:
        return f"{','.join(self.steps)}, colors={self.colors}"


def color(x: Tensor, colors: int) -> Tensor:
    """Change brightness by up to 0.5, saturation to 0 to 2 times, contrast to 0.5 to 1.5 times.

    Nothing is clamped, as kornia would: a clamped pixel has no gradient.
    """
    seen, rest = x[:, :colors], x[:, colors:]
    brightness, saturation, contrast = torch.rand(3, len(x), 1, 1, 1, device=x.device).to(x)
    seen = seen + brightness - 0.5
    gray = seen.mean(dim=1, keepdim=True)
    seen = gray + 2 * saturation * (seen - gray)
    mean = seen.mean(dim=(1, 2, 3), keepdim=True)
    return torch.cat([mean + (contrast + 0.5) * (seen - mean), rest], dim=1)


def translation(x: Tensor, colors: int) -> Tensor:  # noqa: ARG001 - all channels move
    """Move by up to an eighth of a side, in whole pixels; gray comes in."""
    for dim in (2, 3):
        most = x.shape[dim] // 8
        index = _places(x, dim) - _starts(x, -most, most)
        inside = (index >= 0) & (index < x.shape[dim])
        x = x.gather(dim, index.clamp(0, x.shape[dim] - 1).expand_as(x)) * inside
    return x


def cutout(x: Tensor, colors: int) -> Tensor:  # noqa: ARG001 - all channels are cut
    """Make a rectangle of half the sides gray, which may reach over the edge."""
    hole = torch.ones((), dtype=torch.bool, device=x.device)
    for dim in (2, 3):
        side = x.shape[dim] // 2
        index = _places(x, dim) - _starts(x, -(side // 2), x.shape[dim] - (side + 1) // 2)
        hole = hole & (index >= 0) & (index < side)
    return x * ~hole


POLICIES: Mapping[str, Callable[[Tensor, int], Tensor]] = {
    "color": color,
    "translation": translation,
    "cutout": cutout,
}


def _places(x: Tensor, dim: int) -> Tensor:
    """Return the index of each pixel along `dim`, to be broadcast over `x`."""
    return torch.arange(x.shape[dim], device=x.device).reshape([-1, 1] if dim == 2 else [-1])


def _starts(x: Tensor, least: int, most: int) -> Tensor:
    """Return a whole number from `least` to `most` for each image, to be broadcast over `x`."""
    return torch.randint(least, most + 1, (len(x), 1, 1, 1), device=x.device)
