"""Temporary changes of networks, such as evaluation mode, and modules that follow training."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn


class Progressive(nn.Module):
    """A module that changes its effect over training, such as instance noise that decays."""

    progress: float = 0.0
    """The fraction of training that is done, from 0 to 1; the engine sets it before each step."""


@contextmanager
def unchanged_buffers(module: nn.Module) -> Iterator[None]:
    """Restore the buffers of `module`, such as running statistics, at the end of the block."""
    buffers = list(buffers_with_owners(module))
    values = [buffer.clone() for _, _, buffer in buffers]
    try:
        yield
    finally:
        for (owner, name, buffer), value in zip(buffers, values, strict=True):
            buffer.copy_(value)
            setattr(owner, name, buffer)


def buffers_with_owners(module: nn.Module) -> Iterator[tuple[nn.Module, str, Tensor]]:
    """Yield each buffer in `module`: the submodule that owns it, its name there, and the buffer."""
    for owner in module.modules():
        for name, buffer in owner.named_buffers(recurse=False):
            yield owner, name, buffer


@contextmanager
def mode(module: nn.Module, *, training: bool) -> Iterator[None]:
    """Set training or evaluation mode for the block, and restore the mode of each submodule."""
    modes = [(child, child.training) for child in module.modules()]
    module.train(training)
    try:
        yield
    finally:
        for child, was_training in modes:
            child.training = was_training


@contextmanager
def per_image_batch_norm(module: nn.Module) -> Iterator[None]:
    """Evaluate `module` in the block with the statistics of each image in its batch norms.

    For a single image this equals batch norm in training mode, without running statistics.
    """
    norms = [child for child in module.modules() if isinstance(child, nn.BatchNorm2d)]
    with mode(module, training=False):
        try:
            for norm in norms:
                norm.forward = partial(_normalize_per_image, norm)  # type: ignore[method-assign]
            yield
        finally:
            for norm in norms:
                del norm.forward


def _normalize_per_image(norm: nn.BatchNorm2d, images: Tensor) -> Tensor:
    return F.group_norm(images, norm.num_features, norm.weight, norm.bias, norm.eps)
