"""DiffAugment: differentiable augmentation of real and generated images.

Kornia is not used: it clamps colours, its random erasing would erase latent codes (of one pixel),
and its translation uses grid sampling, which has nondeterministic gradients on a GPU.
"""

from collections.abc import Callable, Mapping
from typing import Annotated

import torch
from torch import Tensor, nn

from translate.errors import ConfigError, suggest
from translate.registry import DiscriminatorConfig, create_discriminator
from translate.remedies import remedy_for
from translate_plugins.discriminator_wrappers.preprocessed import PreprocessedDiscriminator


@remedy_for("overfitting", "copied training images")
def augmented_discriminator(
    in_channels: int,
    *,
    of: Annotated[DiscriminatorConfig, "the discriminator to wrap"] = "patch",
    policy: Annotated[
        str, "comma-separated augmentations: color, translation, cutout"
    ] = "color,translation,cutout",
    colors: Annotated[
        int, "number of channels, from the first, that color changes; 0: 3, or 1 if there are fewer"
    ] = 0,
    size: Annotated[tuple[int, int], "height and width of a training crop"] = (256, 256),
) -> nn.Module:
    """DiffAugment of the inputs: against a discriminator that overfits small datasets."""
    steps = [step.strip() for step in policy.split(",")]
    for step in steps:
        if step not in AUGMENTATIONS:
            raise ConfigError(f"policy: there is no {step!r}.{suggest(step, AUGMENTATIONS)}")
    if not 0 <= colors <= in_channels:
        raise ConfigError(
            f"colors: expected 0 to {in_channels}, the number of channels, got {colors}."
        )
    network = create_discriminator(of, in_channels=in_channels, size=size)
    colors = colors or (3 if in_channels >= 3 else 1)
    return PreprocessedDiscriminator(Augment(steps, colors), network)


class Augment(nn.Module):
    """Augment images (N, C, H, W) at random in training mode, each image independently.

    Zhao et al. (2020), section 3.3, and the authors' code. All channels are translated and cut out
    equally. Colours change only in the first `colors` channels, not in label planes.
    """

    def __init__(self, steps: list[str], colors: int) -> None:
        super().__init__()
        self.steps, self.colors = steps, colors

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            for step in self.steps:
                x = AUGMENTATIONS[step](x, self.colors)
        return x

    def extra_repr(self) -> str:
        return f"{','.join(self.steps)}, colors={self.colors}"


def color(x: Tensor, colors: int) -> Tensor:
    """Add -0.5 to 0.5 to the brightness; multiply saturation by 0 to 2, contrast by 0.5 to 1.5.

    Values are not clamped, as a clamped pixel has no gradient.
    """
    colored, other_channels = x[:, :colors], x[:, colors:]
    brightness, saturation, contrast = torch.rand(3, len(x), 1, 1, 1, device=x.device).to(x)
    colored = colored + brightness - 0.5
    gray = colored.mean(dim=1, keepdim=True)
    colored = gray + 2 * saturation * (colored - gray)
    mean = colored.mean(dim=(1, 2, 3), keepdim=True)
    return torch.cat([mean + (contrast + 0.5) * (colored - mean), other_channels], dim=1)


def translation(x: Tensor, colors: int) -> Tensor:  # noqa: ARG001 - all channels move
    """Translate by up to an eighth of a side, in whole pixels; gray (0) fills the border."""
    height, width = x.shape[2:]
    rows = _pixel_index(x, 2, -(height // 8), height // 8)
    columns = _pixel_index(x, 3, -(width // 8), width // 8)
    is_inside = _is_within(rows, height) & _is_within(columns, width)
    index = (rows * width + columns).where(is_inside, 0).flatten(2).expand(-1, x.shape[1], -1)
    return x.flatten(2).gather(2, index).reshape(x.shape) * is_inside


def cutout(x: Tensor, colors: int) -> Tensor:  # noqa: ARG001 - all channels are cut
    """Replace a rectangle of half the sides, which may cross the edge, by gray (0)."""
    height, width = x.shape[2] // 2, x.shape[3] // 2
    rows = _pixel_index(x, 2, -(height // 2), x.shape[2] - (height + 1) // 2)
    columns = _pixel_index(x, 3, -(width // 2), x.shape[3] - (width + 1) // 2)
    return x * ~(_is_within(rows, height) & _is_within(columns, width))


AUGMENTATIONS: Mapping[str, Callable[[Tensor, int], Tensor]] = {
    "color": color,
    "translation": translation,
    "cutout": cutout,
}


def _pixel_index(x: Tensor, dim: int, first_start: int, last_start: int) -> Tensor:
    """Return the index of each pixel along `dim`, counted from a random start for each image.

    Starts are whole numbers from `first_start` to `last_start`. For dimension 2 the result is
    (N, 1, H, 1), for dimension 3 (N, 1, 1, W).
    """
    start = torch.randint(first_start, last_start + 1, (len(x), 1, 1, 1), device=x.device)
    index = torch.arange(x.shape[dim], device=x.device)
    return (index[:, None] if dim == 2 else index) - start


def _is_within(index: Tensor, side: int) -> Tensor:
    return (index >= 0) & (index < side)
