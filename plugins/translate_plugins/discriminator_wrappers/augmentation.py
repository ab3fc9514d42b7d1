"""DiffAugment: differentiable augmentation of real and generated images.

Kornia is not used: its colours are clamped, its erasing removes codes of one pixel, and its
translation samples a grid, whose gradients on a GPU are not deterministic.
"""

from collections.abc import Callable, Mapping
from typing import Annotated

import torch
from torch import Tensor, nn

from translate.errors import ConfigError, suggest
from translate.registry import PartConfig, create_discriminator
from translate.remedies import remedy_for
from translate_plugins.discriminator_wrappers.preprocessed import PreprocessedDiscriminator


@remedy_for("overfitting", "copied training images")
def augmented(
    in_channels: int,
    *,
    of: Annotated[PartConfig, "discriminator that it wraps"] = "patch",
    policy: Annotated[str, "of color, translation, cutout"] = "color,translation,cutout",
    colors: Annotated[int, "first channels that color changes; 0: 3, or 1 of fewer"] = 0,
    size: Annotated[tuple[int, int], "of a training crop"] = (256, 256),
) -> nn.Module:
    """DiffAugment on its inputs: against a discriminator that overfits small datasets."""
    steps = [step.strip() for step in policy.split(",")]
    for step in steps:
        if step not in POLICIES:
            raise ConfigError(f"policy: there is no {step!r}.{suggest(step, POLICIES)}")
    if not 0 <= colors <= in_channels:
        raise ConfigError(
            f"colors: expected 0 to {in_channels}, the number of channels, got {colors}."
        )
    network = create_discriminator(of, in_channels=in_channels, size=size)
    return PreprocessedDiscriminator(
        Augment(steps, colors or (3 if in_channels >= 3 else 1)), network
    )


class Augment(nn.Module):
    """Augment images (N, C, H, W) at random during training, each independently.

    Zhao et al. (2020), section 3.3, and the authors' code. All channels are translated and cut
    alike; values of channels after the first `colors`, such as label planes, are not changed.
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
    """Change brightness by up to 0.5, saturation by 0 to 2 times, contrast by 0.5 to 1.5 times.

    Values are not clamped, as a clamped pixel has no gradient.
    """
    colored, rest = x[:, :colors], x[:, colors:]
    brightness, saturation, contrast = torch.rand(3, len(x), 1, 1, 1, device=x.device).to(x)
    colored = colored + brightness - 0.5
    gray = colored.mean(dim=1, keepdim=True)
    colored = gray + 2 * saturation * (colored - gray)
    mean = colored.mean(dim=(1, 2, 3), keepdim=True)
    return torch.cat([mean + (contrast + 0.5) * (colored - mean), rest], dim=1)


def translation(x: Tensor, colors: int) -> Tensor:  # noqa: ARG001 - all channels move
    """Translate by up to an eighth of a side, in whole pixels; gray (0) fills the border."""
    height, width = x.shape[2:]
    rows = _pixel_index(x, 2, -(height // 8), height // 8)
    columns = _pixel_index(x, 3, -(width // 8), width // 8)
    inside = _within(rows, height) & _within(columns, width)
    index = (rows * width + columns).where(inside, 0).flatten(2).expand(-1, x.shape[1], -1)
    return x.flatten(2).gather(2, index).reshape(x.shape) * inside


def cutout(x: Tensor, colors: int) -> Tensor:  # noqa: ARG001 - all channels are cut
    """Replace a rectangle of half the sides, which may cross the edge, by gray (0)."""
    tall, wide = x.shape[2] // 2, x.shape[3] // 2
    rows = _pixel_index(x, 2, -(tall // 2), x.shape[2] - (tall + 1) // 2)
    columns = _pixel_index(x, 3, -(wide // 2), x.shape[3] - (wide + 1) // 2)
    return x * ~(_within(rows, tall) & _within(columns, wide))


POLICIES: Mapping[str, Callable[[Tensor, int], Tensor]] = {
    "color": color,
    "translation": translation,
    "cutout": cutout,
}


def _pixel_index(x: Tensor, dim: int, least: int, most: int) -> Tensor:
    """Return the index of each pixel along `dim`, with a random start for each image.

    Starts are whole numbers from `least` to `most`; it is (N, 1, H, 1) or (N, 1, 1, W).
    """
    start = torch.randint(least, most + 1, (len(x), 1, 1, 1), device=x.device)
    places = torch.arange(x.shape[dim], device=x.device)
    return (places[:, None] if dim == 2 else places) - start


def _within(index: Tensor, side: int) -> Tensor:
    return (index >= 0) & (index < side)
