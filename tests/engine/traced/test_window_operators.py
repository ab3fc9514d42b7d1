"""Convolutions, pooling and interpolation in tiles, for sizes that are no multiples of a tile."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from tiled import run_in_tiles, trace_function
from torch import Tensor, nn

from translate.engine.traced.operators import UnsupportedError
from translate.engine.traced.window_operators import WholeInput

GENERATOR = torch.Generator().manual_seed(0)
IMAGES = torch.rand(1, 4, 23, 31, generator=GENERATOR) * 2 - 1


def assert_equal_in_tiles(function: Callable[[Tensor], Tensor], tile: int) -> None:
    with torch.no_grad():
        output = run_in_tiles(function, IMAGES, tile)
        torch.testing.assert_close(output, function(IMAGES), rtol=0, atol=5e-6)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 3, 3),
        nn.Conv2d(4, 3, 7, padding=3),
        nn.Conv2d(4, 3, 4, stride=2, padding=1),
        nn.Conv2d(4, 4, 3, padding=2, dilation=2, groups=2),
        nn.Conv2d(4, 3, (1, 5), stride=(1, 3), padding=(0, 2), bias=False),
        nn.Conv2d(4, 3, 3, padding=1, padding_mode="reflect"),
        nn.ConvTranspose2d(4, 3, 3, stride=2, padding=1, output_padding=1),
        nn.ConvTranspose2d(4, 2, 4, stride=2, padding=1, groups=2),
        nn.ConvTranspose2d(4, 3, 2, stride=3, output_padding=2),
        nn.ConvTranspose2d(4, 3, 3, dilation=2),
        nn.AvgPool2d(2),
        nn.AvgPool2d(3, stride=2, padding=1),
        nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False),
        nn.AvgPool2d(2, ceil_mode=True),
        nn.MaxPool2d(3, stride=2, padding=1),
        nn.Upsample(scale_factor=2, mode="nearest"),
        nn.Upsample(scale_factor=3, mode="bilinear"),
        nn.Upsample(scale_factor=2, mode="bicubic"),
        nn.PixelShuffle(2),
        nn.Sequential(nn.Conv2d(4, 9, 3, padding=1), nn.PReLU(), nn.PixelShuffle(3)),
        nn.Sequential(nn.ZeroPad2d((0, 1, 1, 0)), nn.PixelUnshuffle(4)),
    ],
    ids=str,
)
@pytest.mark.parametrize("tile", [6, 13])
def test_a_layer_in_tiles_gives_the_whole_output(layer: nn.Module, tile: int) -> None:
    assert_equal_in_tiles(layer, tile)


def test_layers_with_a_skip_connection_give_the_whole_output() -> None:
    first, second = nn.Conv2d(4, 4, 5, stride=2, padding=2), nn.ConvTranspose2d(4, 4, 4, 2, 1)

    def function(images: Tensor) -> Tensor:
        inner = second(F.leaky_relu(first(images)))
        return (inner[..., :23, :31] + images).tanh()

    assert_equal_in_tiles(function, 8)


def test_repeated_pixels_in_tiles_are_those_of_the_whole_image() -> None:
    assert_equal_in_tiles(lambda x: x.repeat_interleave(2, 2).repeat_interleave(3, 3).relu(), 8)
    assert_equal_in_tiles(lambda x: x.repeat_interleave(1, 2), 8)


def test_an_unknown_operation_on_a_small_input_is_computed_as_a_whole() -> None:
    graph = trace_function(lambda x: x.sort(dim=3).values.relu(), 1, 4, 23, 31)
    assert isinstance(next(iter(graph.operators.values())), WholeInput)


def test_interpolation_to_a_fraction_is_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"bilinear interpolation from \(3000, 2000\)"):
        trace_function(lambda x: F.interpolate(x, (4000, 3000), mode="bilinear"), 1, 4, 3000, 2000)
