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
    """The sides of the output divided by those of the input; 0: the output is not an image."""
    halo: int | None = None
    """The radius of the receptive field: how many input pixels beyond its position an output pixel
    depends on, in each direction. None: the whole image, or unknown. Needed only for networks that
    PyTorch cannot trace, as `translate infer --tile` computes the halo of other networks."""

    def fit(self, side: int) -> int:
        """Return the smallest accepted length that is at least `side`."""
        lower_bound = max(side, self.minimum)
        return lower_bound + -lower_bound % self.multiple_of


def geometry_of(network: nn.Module) -> Geometry:
    """Return the ``geometry`` of a network; networks without the attribute take any size."""
    geometry = getattr(network, "geometry", None)
    return geometry if isinstance(geometry, Geometry) else Geometry()


def combine_geometries(*network_geometries: Geometry) -> Geometry:
    """Return the geometry of images that all networks accept."""
    if not network_geometries:
        return Geometry()
    halos = [each.halo for each in network_geometries if each.halo is not None]
    return Geometry(
        math.lcm(*(each.multiple_of for each in network_geometries)),
        max(each.minimum for each in network_geometries),
        max(each.scale for each in network_geometries),
        max(halos) if len(halos) == len(network_geometries) else None,
    )


def network_geometries(module: nn.Module) -> Iterator[Geometry]:
    """Yield the geometries of the networks in `module`, but not of the parts of a network."""
    for child in module.children():
        if isinstance(geometry := getattr(child, "geometry", None), Geometry):
            yield geometry
        else:
            yield from network_geometries(child)


def require_scale(generator: nn.Module, scale: int, such_as: str = "") -> None:
    """Raise `ConfigError` unless the scale in the ``geometry`` of `generator` is `scale`.

    `such_as` continues the message with generators that have this scale.
    """
    if (actual := geometry_of(generator).scale) != scale:
        raise ConfigError(
            f"generator: {type(generator).__name__} has the scale {actual}, expected {scale}:"
            f" choose a network with this scale{such_as and ', such as ' + such_as}."
        )


def at_size(size: tuple[int, int], network: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Apply a network that accepts one image size to images of any size.

    Larger images are scaled down to fit into `size`, with antialiasing, and the output is scaled up
    again. Sides that are then smaller than `size` are padded on the right and at the bottom by
    repeating the edge, and the output is cropped.

    Args:
        size: Height and width that `network` accepts.
        network: A function of images (N, C, height, width).
        images: (N, C, H, W) in [-1, 1].

    Returns:
        (N, C, H, W) in [-1, 1].
    """
    import torch.nn.functional as F  # here, as programs without torch use `Geometry`, too

    height, width = images.shape[-2:]
    factor = min(1.0, size[0] / height, size[1] / width)
    rows, columns = max(1, round(height * factor)), max(1, round(width * factor))
    if factor < 1:
        images = F.interpolate(images, (rows, columns), mode="bilinear", antialias=True)
    padded = F.pad(images, (0, size[1] - columns, 0, size[0] - rows), mode="replicate")
    output = network(padded)[..., :rows, :columns]
    if factor == 1:
        return output
    return F.interpolate(output, (height, width), mode="bicubic").clamp(-1, 1)
