"""Calls of a network in a training step: what identifies one, and what forbids a graph of it."""

import random
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._pytree import tree_leaves

from translate.nn.modes import Progressive

PLAIN = (bool, int, float, str)
"""types of attributes whose values a graph would freeze"""


class TensorFacts(NamedTuple):
    """What a graph requires of an input."""

    shape: torch.Size
    stride: tuple[int, ...]
    dtype: torch.dtype
    device: torch.device
    requires_grad: bool

    @classmethod
    def of(cls, tensor: Tensor) -> "TensorFacts":
        gradient = tensor.requires_grad
        return cls(tensor.shape, tensor.stride(), tensor.dtype, tensor.device, gradient)

    def sample(self) -> Tensor:
        """Return a tensor with these facts: random numbers, or zeros where they are integers."""
        empty = torch.empty_strided(self.shape, self.stride, dtype=self.dtype, device=self.device)
        filled = empty.normal_() if self.dtype.is_floating_point else empty.zero_()
        return filled.requires_grad_(self.requires_grad)


class Call(NamedTuple):
    """A call of a network: the same in every step that has it, but for the numbers."""

    ordinal: int
    """calls of the network in the step before this one"""
    inputs: tuple[TensorFacts, ...]
    autocast: torch.dtype | None

    @classmethod
    def of(cls, ordinal: int, inputs: Sequence[Tensor]) -> "Call":
        device = inputs[0].device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
        return cls(ordinal, tuple(TensorFacts.of(each) for each in inputs), dtype)

    def samples(self) -> tuple[Tensor, ...]:
        """Return inputs for this call."""
        return tuple(facts.sample() for facts in self.inputs)


class Observation:
    """An eager call of a network: what in it a replay would not repeat.

    In a ``with`` block around the call; give its outputs to `watch` after it.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.is_penalized = False
        """whether the gradient of the call was differentiated"""
        self._outputs: list[StorageWeakRef] = []
        self._python_random = self._replaced_buffer = ""

    def __enter__(self) -> "Observation":
        self._before = _python_state()
        self._buffers = {name: b.data_ptr() for name, b in self.network.named_buffers()}
        return self

    def __exit__(self, *error: object) -> None:
        if _python_state() != self._before:
            self._python_random = "it uses random numbers of Python or NumPy"
        for name, buffer in self.network.named_buffers():
            if self._buffers.get(name) != buffer.data_ptr():
                self._replaced_buffer = f"it replaces its buffer {name}"

    def watch(self, output: Any) -> None:
        """Watch the outputs: their gradients, and whether the recipe keeps them."""
        for tensor in tree_leaves(output):
            if isinstance(tensor, Tensor):
                self._outputs.append(StorageWeakRef(tensor.untyped_storage()))
                if tensor.requires_grad:
                    tensor.register_hook(self._note_gradient)

    def _note_gradient(self, gradient: Tensor) -> None:  # noqa: ARG002
        self.is_penalized |= torch.is_grad_enabled()  # only while a graph of gradients is made

    def obstacle(self) -> str:
        """Return why the call cannot be replayed, after its step has ended; else ""."""
        if self.is_penalized:
            return "its gradient is differentiated, as a gradient penalty does"
        if not all(output.expired() for output in self._outputs):
            return "its output is used after the step, where a replay would overwrite it"
        return self._python_random or self._replaced_buffer


def lasting_obstacle(network: nn.Module) -> str:
    """Return why no call of `network` can be replayed; else ""."""
    if any(isinstance(module, Progressive) for module in network.modules()):
        return "its strength changes over training"
    if network._forward_hooks or network._forward_pre_hooks or network._backward_hooks:
        return "it has hooks"
    if "forward" in vars(network):
        return "its forward method was replaced"
    return ""


def plain_attributes(network: nn.Module) -> dict[str, Any]:
    """Return the numbers, flags and strings that are attributes of modules in `network`."""
    return {
        f"{name}.{key}".removeprefix("."): value
        for name, module in network.named_modules()
        for key, value in vars(module).items()
        if isinstance(value, PLAIN)
    }


def _python_state() -> tuple[Any, ...]:
    numpy: Any = np.random.get_state()
    return random.getstate(), numpy[1].tobytes(), numpy[2]
