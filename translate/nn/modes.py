"""Training and evaluation mode, buffers and progress of networks."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn


class Progressive(nn.Module):
    """A module whose strength changes over training, such as instance noise that decays."""

    progress: float = 0.0
    """The share of training that is done, from 0 to 1; the engine sets it before each step."""


@contextmanager
def unchanged_buffers(module: nn.Module) -> Iterator[None]:
    """Restore the buffers of `module`, such as running statistics, at the end of the block."""
    kept = [(owner, name, buffer, buffer.clone()) for owner, name, buffer in _buffers(module)]
    try:
        yield
    finally:
        for owner, name, buffer, value in kept:
            buffer.copy_(value)
            setattr(owner, name, buffer)


def _buffers(module: nn.Module) -> Iterator[tuple[nn.Module, str, Tensor]]:
    for owner in module.modules():
        for name, buffer in owner.named_buffers(recurse=False):
            yield owner, name, buffer


@contextmanager
def mode(module: nn.Module, *, training: bool) -> Iterator[None]:
    """Set training or evaluation mode for the block; each module's own mode is restored."""
    before = [(child, child.training) for child in module.modules()]
    module.train(training)
    try:
        yield
    finally:
        for child, was in before:
            child.training = was
