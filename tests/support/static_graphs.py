"""Graphs of networks without a GPU: inputs, outputs and gradients at fixed places, as in CUDA's."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.utils._pytree import tree_flatten, tree_unflatten


def capture_static(module: nn.Module, samples: tuple[Tensor, ...]) -> Callable[..., Any]:
    """Return `module` as `torch.cuda.make_graphed_callables` does.

    Each call overwrites the inputs, outputs and activations of the one before, and each backward
    pass the gradients of the one before. Gradients cannot be differentiated.
    """
    parameters = tuple(module.parameters())
    inputs = tuple(each.clone().requires_grad_(each.requires_grad) for each in samples)
    for _ in range(3):  # warm-up: it updates running statistics and draws random numbers
        module(*inputs)
    outputs, structure = tree_flatten(module(*inputs))
    places = [output.detach().clone() for output in outputs]
    surface = [each for each in (*inputs, *parameters) if each.requires_grad]
    gradients = [torch.empty_like(each) for each in surface]

    class Replay(torch.autograd.Function):
        @staticmethod
        def forward(_ctx: Any, *given: Tensor) -> tuple[Tensor, ...]:
            nonlocal outputs
            with torch.no_grad():
                for place, value in zip(inputs, given[: len(inputs)], strict=True):
                    place.copy_(value)
            with torch.enable_grad():
                outputs, _ = tree_flatten(module(*inputs))
            for place, output in zip(places, outputs, strict=True):
                place.copy_(output.detach())
            return tuple(place.detach() for place in places)

        @staticmethod
        @once_differentiable
        def backward(_ctx: Any, *incoming: Tensor) -> tuple[Tensor | None, ...]:
            pairs = [(o, g) for o, g in zip(outputs, incoming, strict=True) if o.requires_grad]
            found = torch.autograd.grad(
                [output for output, _ in pairs],
                surface,
                [gradient for _, gradient in pairs],
                allow_unused=True,
            )
            for place, value in zip(gradients, found, strict=True):
                place.copy_(torch.zeros_like(place) if value is None else value)
            given = iter(
                None if value is None else place.detach()
                for place, value in zip(gradients, found, strict=True)
            )
            return tuple(next(given) if each.requires_grad else None
                         for each in (*inputs, *parameters))  # fmt: skip

    def replay(*given: Tensor) -> Any:
        results = Replay.apply(*given, *parameters)
        return tree_unflatten(list(results), structure)

    return replay
