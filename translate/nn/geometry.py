"""Sizes of images that networks accept."""

import math
from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from translate.errors import ConfigError


def required_sides(*networks: nn.Module) -> tuple[int, int]:
    """Return what the sides of an image must divide by and be at least, to suit all `networks`.

    A network says so with attributes ``multiple_of`` and ``minimum_side``; one without takes any.
    """
    multiples = [int(getattr(network, "multiple_of", 1)) for network in networks]
    return math.lcm(*multiples), max(int(getattr(n, "minimum_side", 1)) for n in networks)


def expect_scale(generator: nn.Module, scale: int) -> None:
    """Raise `ConfigError` where `generator` does not enlarge `scale` times: its ``scale``, or 1."""
    if (grows := getattr(generator, "scale", 1)) != scale:
        raise ConfigError(
            f"generator: {type(generator).__name__} makes sides {grows} times as long, not {scale}:"
            " choose one that can, such as srresnet, whose scale a recipe sets."
        )


def at_size(size: tuple[int, int], network: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Return what `network`, which takes images of `size` alone, makes of `images` of any size.

    Larger ones are shrunk until they fit, antialiased, and what comes is enlarged again; sides that
    are then too short repeat their edge on the right and at the bottom, which is cut off again.
    """
    height, width = images.shape[-2:]
    share = min(1.0, size[0] / height, size[1] / width)
    rows, columns = max(1, round(height * share)), max(1, round(width * share))
    if share < 1:
        images = F.interpolate(images, (rows, columns), mode="bilinear", antialias=True)
    missing = (0, size[1] - columns, 0, size[0] - rows)
    padded = F.pad(images, missing, mode="replicate")
    drawn = network(padded)[..., :rows, :columns]
    if share == 1:
        return drawn
    return F.interpolate(drawn, (height, width), mode="bicubic").clamp(-1, 1)
