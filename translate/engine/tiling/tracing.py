"""The operations of a function of images, traced by PyTorch for one size without any memory."""

import operator
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, fx
from torch.overrides import TorchFunctionMode

from translate.engine.tiling.operators import UnsupportedError
from translate.errors import describe_error


@contextmanager
def _without_pretended_gpu() -> Iterator[None]:
    """Keep fake tensors from pretending, for the life of the process, that there is a GPU.

    Autograd would start threads for it, and a process that is forked afterwards could compute no
    gradients.
    """
    pretend = torch._C._ensureCUDADeviceGuardSet
    torch._C._ensureCUDADeviceGuardSet = lambda: None
    try:
        yield
    finally:
        torch._C._ensureCUDADeviceGuardSet = pretend


class _WithoutNumbers(TorchFunctionMode):
    """Refuses what takes numbers out of tensors, as they have none while a function is traced."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if getattr(func, "__name__", "") in TAKING:
            raise UnsupportedError("it reads the numbers of its images")
        return func(*args, **(kwargs or {}))


TAKING = {"numpy", "__array__", "tolist", "item", "data_ptr", "__bool__", "__float__", "__int__"}
"""methods of tensors that return numbers"""


def trace(
    function: Callable[..., Tensor], shapes: Sequence[tuple[int, ...]], device: torch.device
) -> fx.GraphModule:
    """Return the operations of a function, with the shapes of their values.

    Args:
        function: takes float32 tensors and returns one. Nothing is computed.
        shapes: of its arguments.
        device: where its weights are.

    Raises:
        UnsupportedError: what it does depends on the numbers in its arguments, or it fails.
    """
    from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
    from torch.fx.experimental.proxy_tensor import make_fx

    pure = torch.func.functionalize(function, remove="mutations_and_views")
    tracer = make_fx(pure, tracing_mode="fake", _allow_non_fake_inputs=True)
    fake_tensors = FakeTensorMode(allow_non_fake_inputs=True)
    try:
        with torch.no_grad(), _without_pretended_gpu(), fake_tensors, _WithoutNumbers():
            module: fx.GraphModule = tracer(*(torch.empty(s, device=device) for s in shapes))
    except UnsupportedError:
        raise
    except Exception as error:
        if isinstance(error.__cause__, UnsupportedError):
            raise error.__cause__ from error
        raise UnsupportedError(describe_error(error)) from error
    _take_first_values(module.graph)
    module.graph.eliminate_dead_code()
    for node in module.graph.nodes:
        value = getattr(module, str(node.target)) if node.op == "get_attr" else None
        if isinstance(value, FakeTensor):  # made by the function itself
            if value.constant is None:
                raise UnsupportedError("a tensor without known numbers")
            setattr(module, str(node.target), value.constant)
    return module


def _take_first_values(graph: fx.Graph) -> None:
    """Let a node with several values stand for the first, the output of a norm or of pooling."""
    for node in graph.nodes:
        several = node.args[0] if node.target is operator.getitem else None
        if isinstance(several, fx.Node) and node.args[1] == 0 and not _is_split(several):
            node.replace_all_uses_with(several)
            several.meta["val"] = node.meta["val"]


def _is_split(node: fx.Node) -> bool:
    return "split" in str(node.target) or "unbind" in str(node.target)
