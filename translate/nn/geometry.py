"""Sizes of images that networks accept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from translate.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Geometry:
    """The image sizes that a network takes, and the size of its output."""

    multiple_of: int = 1
    """Sides of the input must be multiples of this."""
    minimum: int = 1
    """Sides of the input must be at least this."""
    scale: int = 1
    """How many times longer the sides of the output are; 0: the output is not an image."""
    halo: int | None = None
    """How many pixels away an output pixel depends on input pixels, at most. Only needed for a
    network that PyTorch cannot trace: `translate infer --tile` computes it for others. None: the
    output depends on the whole image, or the number is unknown."""

    def fit(self, side: int) -> int:
        """Return the smallest accepted length that is at least `side`."""
        least = max(side, self.minimum)
        return least + -least % self.multiple_of


def geometry_of(network: nn.Module) -> Geometry:
    """Return the ``geometry`` of a network; one without the attribute takes any size."""
    geometry = getattr(network, "geometry", None)
    return geometry if isinstance(geometry, Geometry) else Geometry()


def combine_geometries(*geometries: Geometry) -> Geometry:
    """Return the geometry of images that all of several networks take."""
    if not geometries:
        return Geometry()
    halos = [each.halo for each in geometries if each.halo is not None]
    return Geometry(
        math.lcm(*(each.multiple_of for each in geometries)),
        max(each.minimum for each in geometries),
        max(each.scale for each in geometries),
        max(halos) if len(halos) == len(geometries) else None,
    )


def geometries(module: nn.Module) -> Iterator[Geometry]:
    """Yield the geometries of the networks in `module`, but not those of their submodules."""
    for child in module.children():
        if isinstance(found := getattr(child, "geometry", None), Geometry):
            yield found
        else:
            yield from geometries(child)


def expect_scale(generator: nn.Module, scale: int) -> None:
    """Raise an error if the output of `generator` is not `scale` times as large as its input.

    Args:
        generator: A network; its attribute ``geometry`` has its scale.
        scale: The ratio of output and input sides that the recipe needs.

    Raises:
        ConfigError: The scale is another.
    """
    if (found := geometry_of(generator).scale) != scale:
        raise ConfigError(
            f"generator: {type(generator).__name__} has the scale {found}, expected {scale}:"
            " choose a network with this scale, such as srresnet, whose scale the recipe sets."
        )


def at_size(size: tuple[int, int], network: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Apply a network that takes images of one size to images of any size.

    Larger images are scaled down to fit, with antialiasing, and the output is scaled up again.
    Smaller sides are padded on the right and at the bottom by repeating the edge, and the output is
    cropped.

    Args:
        size: Height and width that `network` takes.
        network: A function of images (N, C, height, width).
        images: (N, C, H, W) in [-1, 1].

    Returns:
        (N, C, H, W) in [-1, 1].
    """
    import torch.nn.functional as F  # not above: `Geometry` serves exported models as well

    height, width = images.shape[-2:]
    factor = min(1.0, size[0] / height, size[1] / width)
    rows, columns = max(1, round(height * factor)), max(1, round(width * factor))
    if factor < 1:
        images = F.interpolate(images, (rows, columns), mode="bilinear", antialias=True)
    missing = (0, size[1] - columns, 0, size[0] - rows)
    padded = F.pad(images, missing, mode="replicate")
    output = network(padded)[..., :rows, :columns]
    if factor == 1:
        return output
    return F.interpolate(output, (height, width), mode="bicubic").clamp(-1, 1)
