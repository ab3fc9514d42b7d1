"""Which functions can be traced, and why others cannot."""

import multiprocessing
import warnings

import pytest
import torch
from tiled import CPU
from torch import Tensor

from translate.engine.traced.operators import UnsupportedError
from translate.engine.traced.tracing import trace


def test_a_trace_for_a_huge_image_allocates_nothing() -> None:
    module = trace(lambda x: x.relu() + 1, [(1, 3, 2_000_000, 2_000_000)], CPU)
    assert [node.op for node in module.graph.nodes].count("call_function") == 2


def test_a_function_may_choose_operations_by_the_size() -> None:
    module = trace(lambda x: x.relu() if x.shape[-1] > 5 else x.tanh(), [(1, 1, 6, 6)], CPU)
    assert "aten.relu.default" in [str(node.target) for node in module.graph.nodes]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * float(x.mean()),
        lambda x: x if x.max() > 0 else -x,
        lambda x: x * x.numpy().max(),
        lambda x: x * x.mean().item(),
        lambda x: x * len(x.tolist()),
    ],
)
def test_a_function_that_reads_pixel_values_is_refused(function: object) -> None:
    with pytest.raises(UnsupportedError):
        trace(function, [(1, 1, 8, 8)], CPU)  # type: ignore[arg-type]


def test_the_message_has_the_error_of_a_function_that_fails() -> None:
    def fail(images: Tensor) -> Tensor:
        raise ValueError(f"no {images.shape[1]} channels")

    with pytest.raises(UnsupportedError, match="no 3 channels"):
        trace(fail, [(1, 3, 8, 8)], CPU)


def test_processes_forked_after_a_trace_compute_gradients() -> None:
    trace(torch.tanh, [(1, 3, 8, 8)], CPU)
    torch.ones(1, requires_grad=True).square().backward()
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_compute_a_gradient)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking, from Python 3.12
        process.start()
    process.join(60)
    assert process.exitcode == 0


def _compute_a_gradient() -> None:
    torch.ones(1, requires_grad=True).square().backward()
