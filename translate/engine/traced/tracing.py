"""Tracing of a function of images with PyTorch, for one image size, without computing values."""

import operator
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, fx
from torch.overrides import TorchFunctionMode

from translate.engine.traced.operators import UnsupportedError
from translate.errors import describe_error


@contextmanager
def _without_fake_gpu() -> Iterator[None]:
    """Prevent fake tensors from initializing a GPU context.

    Autograd would start threads for this context, so processes that are forked afterwards could not
    compute gradients.
    """
    original = torch._C._ensureCUDADeviceGuardSet
    torch._C._ensureCUDADeviceGuardSet = lambda: None
    try:
        yield
    finally:
        torch._C._ensureCUDADeviceGuardSet = original


READING_METHODS = {
    "numpy", "__array__", "tolist", "item", "data_ptr", "__bool__", "__float__", "__int__",
}  # fmt: skip
"""methods of tensors that return their values"""


class _RefuseValues(TorchFunctionMode):
    """Refuses methods that read the values of tensors, which do not exist during tracing."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if getattr(func, "__name__", "") in READING_METHODS:
            raise UnsupportedError("it reads the values of its images")
        return func(*args, **(kwargs or {}))


def trace(
    function: Callable[..., Tensor], shapes: Sequence[tuple[int, ...]], device: torch.device
) -> fx.GraphModule:
    """Return the operations of a function, with the shapes of their values.

    The arguments, with these `shapes`, and the result are float32 tensors. Raises
    `UnsupportedError` if the function fails, or chooses operations by the values of its arguments.
    """
    from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
    from torch.fx.experimental.proxy_tensor import make_fx

    pure = torch.func.functionalize(function, remove="mutations_and_views")
    tracer = make_fx(pure, tracing_mode="fake", _allow_non_fake_inputs=True)
    fake_tensors = FakeTensorMode(allow_non_fake_inputs=True)
    try:
        with torch.no_grad(), _without_fake_gpu(), fake_tensors, _RefuseValues():
            module: fx.GraphModule = tracer(*(torch.empty(s, device=device) for s in shapes))
    except UnsupportedError:
        raise
    except Exception as error:
        if isinstance(error.__cause__, UnsupportedError):
            raise error.__cause__ from error
        raise UnsupportedError(describe_error(error)) from error
    _replace_by_first_output(module.graph)
    module.graph.eliminate_dead_code()
    for node in module.graph.nodes:
        value = getattr(module, str(node.target)) if node.op == "get_attr" else None
        if isinstance(value, FakeTensor):  # the function has created this tensor
            if value.constant is None:
                raise UnsupportedError("a tensor with unknown values")
            setattr(module, str(node.target), value.constant)
    return module


def _replace_by_first_output(graph: fx.Graph) -> None:
    """Replace nodes with several outputs, such as norms and pooling, by their first output."""
    for node in graph.nodes:
        source = node.args[0] if node.target is operator.getitem else None
        if isinstance(source, fx.Node) and node.args[1] == 0 and not _is_split(source):
            node.replace_all_uses_with(source)
            source.meta["val"] = node.meta["val"]


def _is_split(node: fx.Node) -> bool:
    return "split" in str(node.target) or "unbind" in str(node.target)
