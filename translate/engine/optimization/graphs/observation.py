"""Calls of a network in a training step: what identifies them, and what forbids CUDA graphs.

A CUDA graph of a call replays its kernels, with the values that Python had during the capture.
"""

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
"""types of attributes; a graph would keep their values from its capture"""
PENALIZED = "its gradient is differentiated, as a gradient penalty does"
"""obstacle of a network with a gradient penalty: gradients of a graph cannot be differentiated"""


class TensorFacts(NamedTuple):
    """The properties of an input that must be equal in each replay of a graph."""

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
        """Return a tensor with these properties, of random numbers; of zeros for integers."""
        tensor = torch.empty_strided(self.shape, self.stride, dtype=self.dtype, device=self.device)
        values = tensor.normal_() if self.dtype.is_floating_point else tensor.zero_()
        return values.requires_grad_(self.requires_grad)


class Call(NamedTuple):
    """What identifies a call of a network: equal calls differ only in the values of tensors."""

    ordinal: int
    """number of calls of the network before this call in the same step"""
    inputs: tuple[TensorFacts, ...]
    autocast: torch.dtype | None
    """dtype of autocast, if it is on"""

    @classmethod
    def of(cls, ordinal: int, inputs: Sequence[Tensor]) -> "Call":
        device = inputs[0].device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
        return cls(ordinal, tuple(TensorFacts.of(each) for each in inputs), dtype)

    def samples(self) -> tuple[Tensor, ...]:
        """Return sample inputs for this call."""
        return tuple(facts.sample() for facts in self.inputs)


class Observation:
    """Finds what an eager call of a network does that a replay of a graph would not do.

    It is a ``with`` block around the call. Then `watch` gets the output of the call.
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
        """Watch if gradients of `output` are differentiated, and if the recipe keeps `output`."""
        for tensor in tree_leaves(output):
            if isinstance(tensor, Tensor):
                self._outputs.append(StorageWeakRef(tensor.untyped_storage()))
                if tensor.requires_grad:
                    tensor.register_hook(self._note_gradient)

    def _note_gradient(self, gradient: Tensor) -> None:  # noqa: ARG002
        self.is_penalized |= torch.is_grad_enabled()  # true only if gradients are differentiated

    def obstacle(self) -> str:
        """Return why the call cannot be replayed, after its step has ended; else ""."""
        if self.is_penalized:
            return PENALIZED
        if not all(output.expired() for output in self._outputs):
            return "its output is used after the step, where a replay would overwrite it"
        return self._python_random or self._replaced_buffer


def lasting_obstacle(network: nn.Module) -> str:
    """Return why no call of `network` can ever be replayed; else ""."""
    if any(isinstance(module, Progressive) for module in network.modules()):
        return "its strength changes over training"
    if network._forward_hooks or network._forward_pre_hooks or network._backward_hooks:
        return "it has hooks"
    if "forward" in vars(network):
        return "its forward method was replaced"
    return ""


def plain_attributes(network: nn.Module) -> dict[str, Any]:
    """Return the attributes of modules in `network` that are numbers, flags or strings, by name."""
    return {
        f"{name}.{key}".removeprefix("."): value
        for name, module in network.named_modules()
        for key, value in vars(module).items()
        if isinstance(value, PLAIN)
    }


def _python_state() -> tuple[Any, ...]:
    numpy: Any = np.random.get_state()
    return random.getstate(), numpy[1].tobytes(), numpy[2]
