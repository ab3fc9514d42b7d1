"""Padding without a padded copy in memory: the backward pass pads again.

A convolution keeps its input until the backward pass. After a reflection padding, that is a copy of
what the padding keeps itself: a third of the activations of a ResNet block. Here the backward pass
computes the copy again, from the same numbers to the same bits.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

MODES = {"ReflectionPad2DBackward0": "reflect", "ReplicationPad2DBackward0": "replicate"}
"""the mode of `F.pad` by the name of autograd's node"""
PADDINGS = (nn.ReflectionPad2d, nn.ReplicationPad2d)


class Padded(NamedTuple):
    """A padded tensor, as what it is computed from."""

    source: Tensor
    padding: tuple[int, ...]
    mode: str


def recompute_padding(network: nn.Module) -> AbstractContextManager[Any]:
    """Return a context in which forward passes of `network` keep no padded copies."""
    if any(isinstance(part, PADDINGS) for part in network.modules()):
        return saved_tensors_hooks(_pack, _unpack)
    return nullcontext()  # the hooks cost time for each tensor


def _pack(saved: Tensor) -> Tensor | Padded:
    node: Any = saved.grad_fn
    mode = MODES.get(node.name()) if node is not None else None
    if mode is None:
        return saved
    return Padded(node._saved_self.detach(), tuple(node._saved_padding), mode)


def _unpack(packed: Tensor | Padded) -> Tensor:
    if isinstance(packed, Tensor):
        return packed
    with torch.no_grad():
        return F.pad(packed.source, packed.padding, packed.mode)
