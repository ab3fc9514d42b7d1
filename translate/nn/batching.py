"""Forward passes of several batches at once; for some networks that changes the outputs."""

from typing import Any

import torch
from torch import Tensor, nn


def batch_dependent(network: nn.Module) -> bool:
    """Return whether the output of `network` for an image depends on other images of the batch.

    Batch norms are recognized; other modules need an attribute ``batch_dependent = True``.
    """
    batch_norm = nn.modules.batchnorm._BatchNorm
    return any(
        isinstance(module, batch_norm) or getattr(module, "batch_dependent", False)
        for module in network.modules()
    )


def forward_batched(network: nn.Module, *images: Tensor) -> tuple[Any, ...]:
    """Return the outputs of `network` for several batches, by one forward pass if possible.

    Args:
        network: Returns a tensor, or a list of tensors, such as a discriminator of several scales.
        images: Batches (N, C, H, W) of one image size.

    Returns:
        One output per batch. A `batch_dependent` network runs once per batch.
    """
    if batch_dependent(network):
        return tuple(network(image) for image in images)
    output, counts = network(torch.cat(images)), [len(image) for image in images]
    if isinstance(output, Tensor):
        return output.split(counts)
    return tuple(map(list, zip(*(scale.split(counts) for scale in output), strict=True)))
