"""Activation checkpointing: repeated blocks of networks are computed again in the backward pass.

The activations inside a block are not kept in memory between the forward and the backward pass, at
the cost of one more forward pass of the block (Chen et al., 2016, "Training deep nets with
sublinear memory cost"). Gradients, random numbers and running statistics have the same bits.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from types import MethodType
from typing import Any

from torch import Tensor, is_grad_enabled, nn
from torch.utils.checkpoint import checkpoint

from translate.nn.modes import buffers_with_owners

CONTAINERS = (nn.Sequential, nn.ModuleList)


def checkpoint_blocks(network: nn.Module) -> int:
    """Make the repeated blocks in `network` recompute their activations; return their number.

    Names of modules and keys of the state dict stay the same. A deep copy recomputes, too.
    """
    blocks = list(repeated_blocks(network))
    for block in blocks:
        block.forward = MethodType(_forward, block)
    return len(blocks)


def repeated_blocks(network: nn.Module) -> Iterator[nn.Module]:
    """Yield each repeated block in `network`: its container has another block of the same class.

    A block, such as a residual block, is a module with parameters and submodules. Blocks inside a
    block are not yielded.
    """
    children = list(network.children())
    classes = [type(child) for child in children]
    for child in children:
        is_repeated = isinstance(network, CONTAINERS) and classes.count(type(child)) > 1
        if is_repeated and any(child.children()) and any(True for _ in child.parameters()):
            yield child
        else:
            yield from repeated_blocks(child)


def _forward(block: nn.Module, *inputs: Any, **keywords: Any) -> Any:
    """Run a block, and save only its inputs for the backward pass."""
    forward = type(block).forward
    if not is_grad_enabled():
        return forward(block, *inputs, **keywords)
    buffers = _SavedBuffers(block)
    parameters = list(block.parameters())
    versions = [parameter._version for parameter in parameters]

    def checked_forward(*inputs: Any, **keywords: Any) -> Any:
        if [parameter._version for parameter in parameters] != versions:
            raise RuntimeError(
                "a parameter needed for gradient computation has been modified by an inplace "
                "operation after the forward pass"
            )
        return forward(block, *inputs, **keywords)

    return checkpoint(
        checked_forward,
        *inputs,
        use_reentrant=False,
        context_fn=lambda: (nullcontext(), buffers),
        **keywords,
    )


class _SavedBuffers:
    """A context that gives a block copies of the buffers that it had when this was created.

    So the recomputation starts from the same vectors of spectral norms as the first forward pass,
    and running statistics are updated only once.
    """

    def __init__(self, block: nn.Module) -> None:
        self._saved = [
            (owner, name, value.clone()) for owner, name, value in buffers_with_owners(block)
        ]
        self._current: list[tuple[nn.Module, str, Tensor]] = []

    def __enter__(self) -> None:
        self._current = [(owner, name, getattr(owner, name)) for owner, name, _ in self._saved]
        for owner, name, value in self._saved:
            setattr(owner, name, value.clone())

    def __exit__(self, *error: object) -> None:
        for owner, name, value in self._current:
            setattr(owner, name, value)
