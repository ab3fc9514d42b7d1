"""Pointwise operations, operations on channels, and padding, computed in tiles."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from tiled import run_in_tiles, trace_function
from torch import Tensor

from translate.engine.traced.operators import UnsupportedError

GENERATOR = torch.Generator().manual_seed(0)
IMAGES = torch.rand(1, 4, 23, 31, generator=GENERATOR) * 2 - 1
MASK = torch.rand(1, 1, 23, 31, generator=GENERATOR) > 0.5


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.relu() * 2 + x.tanh().clamp(-0.5, 0.5),
        lambda x: torch.where(x[:, :1] > 0, x, -x),
        lambda x: torch.cat([x[:, 1:], x[:, :1].sigmoid()], dim=1),
        lambda x: torch.cat([part * index for index, part in enumerate(x.chunk(2, 1))], 1),
        lambda x: x * torch.tensor([1.0, 2, 3, 4]).view(1, 4, 1, 1),
        lambda x: x.masked_fill(x[:, 3:] > 0, 0.25),
        lambda x: x.mean(1, keepdim=True) + x,
        lambda x: F.pad(x, (3, 1, 0, 4), mode="reflect"),
        lambda x: F.pad(x, (1, 1, 1, 1), mode="replicate"),
        lambda x: F.pad(x, (-2, 1, 3, -1), value=7.0),
        lambda x: x[:, :, 3:-2, 1::2],
        lambda x: x.clone().mul_(2).add_(x),
        lambda x: torch.zeros_like(x) + x,
        lambda x: x + torch.tensor([0.5, 1, 1.5, 2])[:, None, None],
    ],
)
@pytest.mark.parametrize("tile", [5, 16])
def test_tiles_give_the_whole_output(function: Callable[[Tensor], Tensor], tile: int) -> None:
    torch.testing.assert_close(run_in_tiles(function, IMAGES, tile), function(IMAGES))


def test_a_constant_of_the_size_of_the_image_is_read_in_tiles() -> None:
    assert torch.equal(run_in_tiles(lambda x: x * MASK, IMAGES, 7), IMAGES * MASK)


def test_an_unknown_operation_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match=r"aten.sort"):
        trace_function(lambda x: x.sort(dim=3).values, 1, 4, 3000, 3000)
    with pytest.raises(UnsupportedError, match="transpose"):
        trace_function(lambda x: x.transpose(2, 3), 1, 4, 3000, 3000)
