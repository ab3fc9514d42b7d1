"""Training and evaluation mode of networks, their buffers, and progress of training."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn


class Progressive(nn.Module):
    """A module whose strength changes over training, such as instance noise that decays."""

    progress: float = 0.0
    """The fraction of training that is done, from 0 to 1; the engine sets it before each step."""


@contextmanager
def unchanged_buffers(module: nn.Module) -> Iterator[None]:
    """Restore the buffers of `module`, such as running statistics, at the end of the block."""
    saved = [(owner, name, buffer, buffer.clone()) for owner, name, buffer in own_buffers(module)]
    try:
        yield
    finally:
        for owner, name, buffer, value in saved:
            buffer.copy_(value)
            setattr(owner, name, buffer)


def own_buffers(module: nn.Module) -> Iterator[tuple[nn.Module, str, Tensor]]:
    """Yield each buffer in `module`, with the module that owns it and its name there."""
    for owner in module.modules():
        for name, buffer in owner.named_buffers(recurse=False):
            yield owner, name, buffer


@contextmanager
def mode(module: nn.Module, *, training: bool) -> Iterator[None]:
    """Set training or evaluation mode for the block; each module's own mode is restored."""
    modes = [(child, child.training) for child in module.modules()]
    module.train(training)
    try:
        yield
    finally:
        for child, was_training in modes:
            child.training = was_training


@contextmanager
def normalized_alone(module: nn.Module) -> Iterator[None]:
    """Give each image its own statistics in the batch norms of `module`, in evaluation mode.

    For a single image this equals batch norm in training mode, without running statistics.
    """
    norms = [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]
    with mode(module, training=False):
        try:
            for norm in norms:
                norm.forward = partial(_normalize_alone, norm)  # type: ignore[method-assign]
            yield
        finally:
            for norm in norms:
                del norm.forward


def _normalize_alone(norm: nn.BatchNorm2d, images: Tensor) -> Tensor:
    return F.group_norm(images, norm.num_features, norm.weight, norm.bias, norm.eps)
