"""Networks that depend on the other images of a batch."""

from typing import Any

import torch
from torch import Tensor, nn


def batch_dependent(network: nn.Module) -> bool:
    """Return whether the output of `network` for one image depends on the others in its batch.

    Batch norm is; other modules declare it with an attribute ``batch_dependent = True``.
    """
    return any(
        isinstance(part, nn.modules.batchnorm._BatchNorm) or getattr(part, "batch_dependent", False)
        for part in network.modules()
    )


def forward_batched(network: nn.Module, *images: Tensor) -> tuple[Any, ...]:
    """Return the outputs of `network` for several batches, in one forward pass if that is equal.

    Args:
        network: Returns a tensor, or a list of tensors, such as a discriminator of several scales.
        images: Batches (N, C, H, W) of one image size.

    Returns:
        One output per batch. A network that is `batch_dependent` runs once per batch, as joined
        batches would share their statistics.
    """
    if batch_dependent(network):
        return tuple(network(image) for image in images)
    output, counts = network(torch.cat(images)), [len(image) for image in images]
    if isinstance(output, Tensor):
        return output.split(counts)
    return tuple(map(list, zip(*(scale.split(counts) for scale in output), strict=True)))
