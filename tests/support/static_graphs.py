"""Imitation of CUDA graphs on a CPU: inputs, outputs and gradients have fixed addresses."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.utils._pytree import tree_flatten, tree_unflatten


def capture_static(module: nn.Module, samples: tuple[Tensor, ...]) -> Callable[..., Any]:
    """Return a function like that of `torch.cuda.make_graphed_callables` for `module`.

    Each call overwrites the inputs, outputs and activations of the previous call, and each backward
    pass the gradients of the previous one. Gradients cannot be differentiated.
    """
    parameters = tuple(module.parameters())
    inputs = tuple(each.clone().requires_grad_(each.requires_grad) for each in samples)
    for _ in range(3):  # warm-up: it updates running statistics and draws random numbers
        module(*inputs)
    outputs, structure = tree_flatten(module(*inputs))
    output_buffers = [output.detach().clone() for output in outputs]
    leaves = [each for each in (*inputs, *parameters) if each.requires_grad]
    gradients = [torch.empty_like(leaf) for leaf in leaves]

    class Replay(torch.autograd.Function):
        @staticmethod
        def forward(_ctx: Any, *arguments: Tensor) -> tuple[Tensor, ...]:
            nonlocal outputs
            with torch.no_grad():
                for buffer, value in zip(inputs, arguments[: len(inputs)], strict=True):
                    buffer.copy_(value)
            with torch.enable_grad():
                outputs, _ = tree_flatten(module(*inputs))
            for buffer, output in zip(output_buffers, outputs, strict=True):
                buffer.copy_(output.detach())
            return tuple(buffer.detach() for buffer in output_buffers)

        @staticmethod
        @once_differentiable
        def backward(_ctx: Any, *incoming: Tensor) -> tuple[Tensor | None, ...]:
            pairs = [(o, g) for o, g in zip(outputs, incoming, strict=True) if o.requires_grad]
            new = torch.autograd.grad(
                [output for output, _ in pairs],
                leaves,
                [gradient for _, gradient in pairs],
                allow_unused=True,
            )
            for buffer, value in zip(gradients, new, strict=True):
                buffer.copy_(torch.zeros_like(buffer) if value is None else value)
            returned = iter(
                None if value is None else buffer.detach()
                for buffer, value in zip(gradients, new, strict=True)
            )
            return tuple(next(returned) if each.requires_grad else None
                         for each in (*inputs, *parameters))  # fmt: skip

    def replay(*arguments: Tensor) -> Any:
        return tree_unflatten(list(Replay.apply(*arguments, *parameters)), structure)

    return replay
