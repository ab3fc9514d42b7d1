"""Padding without a padded copy in memory: the backward pass pads again.

A convolution keeps its input until the backward pass. After a reflection padding, this input is a
padded copy of a tensor that the padding keeps already: a third of the activations of a ResNet
block. Here the backward pass computes the padded copy again, with the same bits.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

MODES = {"ReflectionPad2DBackward0": "reflect", "ReplicationPad2DBackward0": "replicate"}
"""the mode of `F.pad`, by the name of the autograd node of a padding"""
PADDINGS = (nn.ReflectionPad2d, nn.ReplicationPad2d)


class PaddingInput(NamedTuple):
    """What a padded tensor is computed from, saved in place of the tensor."""

    source: Tensor
    padding: tuple[int, ...]
    mode: str


def recompute_padding(network: nn.Module) -> AbstractContextManager[Any]:
    """Return a context that lets forward passes of `network` keep no padded copies."""
    if any(isinstance(module, PADDINGS) for module in network.modules()):
        return saved_tensors_hooks(_pack, _unpack)
    return nullcontext()  # saves the time that the hooks take for each tensor


def _pack(tensor: Tensor) -> Tensor | PaddingInput:
    """Return what autograd keeps for the backward pass in place of `tensor`."""
    node: Any = tensor.grad_fn
    mode = MODES.get(node.name()) if node is not None else None
    if mode is None:
        return tensor
    return PaddingInput(node._saved_self.detach(), tuple(node._saved_padding), mode)


def _unpack(packed_tensor: Tensor | PaddingInput) -> Tensor:
    """Return the tensor that was packed, in the backward pass."""
    if isinstance(packed_tensor, Tensor):
        return packed_tensor
    with torch.no_grad():
        return F.pad(packed_tensor.source, packed_tensor.padding, packed_tensor.mode)
