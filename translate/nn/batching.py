"""Networks that depend on the other images of a batch."""

from typing import Any

import torch
from torch import Tensor, nn


def batch_dependent(network: nn.Module) -> bool:
    """Return whether what `network` makes of an image depends on the others of its batch.

    Batch norm does that; other parts say so with an attribute ``mixes_images``.
    """
    return any(
        isinstance(part, nn.modules.batchnorm._BatchNorm) or getattr(part, "mixes_images", False)
        for part in network.modules()
    )


def forward_batched(network: nn.Module, *images: Tensor) -> tuple[Any, ...]:
    """Return what `network` makes of each of `images`, in one pass where that is the same.

    That is a tensor, or several, such as a discriminator's of several scales. Where the network
    mixes images, they would share their statistics, so each goes alone.
    """
    if batch_dependent(network):
        return tuple(network(image) for image in images)
    made, counts = network(torch.cat(images)), [len(image) for image in images]
    if isinstance(made, Tensor):
        return made.split(counts)
    return tuple(map(list, zip(*(part.split(counts) for part in made), strict=True)))
