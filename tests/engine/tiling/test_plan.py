"""Which values a plan stores, and the memory that it needs."""

import torch
import torch.nn.functional as F
from tiled import CPU, run_in_tiles, trace_function
from torch import Tensor, nn

from translate.engine.tiling.plan import full_frame_bytes, make_plan
from translate.engine.traced.tracing import trace

CONVOLUTIONS = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 1, 1)
).requires_grad_(False)  # fmt: skip
MEGABYTE = 4 * 500 * 500
"""size of a channel of 500x500 pixels"""


def test_a_convolution_that_another_convolution_reads_is_stored() -> None:
    plan = make_plan(trace_function(CONVOLUTIONS, 1, 1, 500, 500))
    assert [each.is_stored for each in plan.passes] == [True, True, False]
    assert plan.stored_bytes == 16 * MEGABYTE
    assert plan.values_to_release(1) == [plan.passes[0].node]


def test_cheap_values_are_not_stored_but_computed_again() -> None:
    plan = make_plan(trace_function(CONVOLUTIONS, 1, 1, 500, 500), cheap=10)
    assert [each.is_stored for each in plan.passes] == [True, False]
    images = torch.rand(1, 1, 60, 70)
    torch.testing.assert_close(
        run_in_tiles(CONVOLUTIONS, images, 16, cheap=10), CONVOLUTIONS(images), rtol=0, atol=1e-6
    )


def test_a_long_chain_of_sums_stores_few_values() -> None:
    layers = nn.ModuleList(nn.Conv2d(4, 4, 3, padding=1, bias=False) for _ in range(12))
    layers.requires_grad_(False)

    def function(images: Tensor) -> Tensor:
        for layer in layers:
            images = images + F.instance_norm(layer(images))
        return images

    plan = make_plan(trace_function(function, 1, 4, 500, 500))
    assert plan.stored_bytes <= 5 * 4 * MEGABYTE
    assert all(len(each.reads) <= 3 for each in plan.passes)


def test_the_memory_for_a_tile_does_not_grow_with_the_image() -> None:
    graphs = (trace_function(CONVOLUTIONS, 1, 1, side, side) for side in (500, 5000))
    small, large = (make_plan(graph).working_bytes(64) for graph in graphs)
    assert 0 < large <= small


def test_the_memory_without_tiles_is_known_from_the_trace() -> None:
    module = trace(CONVOLUTIONS, [(1, 1, 500, 500)], CPU)
    assert full_frame_bytes(module) == 16 * MEGABYTE
