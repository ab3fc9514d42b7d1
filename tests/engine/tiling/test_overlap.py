"""The weights and halos of overlapping tiles; tiles that are too small are refused."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from tiled import ImageSource

from translate.engine.tiling.overlap import overlapping_spans, translate_tiles
from translate.engine.tiling.store import Store
from translate.engine.traced.regions import Region, Span
from translate.errors import ConfigError


@pytest.mark.parametrize("halo", [None, 3])
@pytest.mark.parametrize(("side", "tile", "multiple"), [(100, 32, 4), (97, 30, 1), (20, 64, 4)])
def test_weights_sum_to_one(side: int, tile: int, multiple: int, halo: int | None) -> None:
    total = torch.zeros(side, dtype=torch.float64)
    for span, weights in overlapping_spans(side, tile, multiple_of=multiple, halo=halo):
        total[slice(*span)] += weights
        assert span.start % multiple == 0
    torch.testing.assert_close(total, torch.ones_like(total))


def test_pixels_within_the_halo_of_an_inner_edge_are_not_used() -> None:
    for span, weights in overlapping_spans(100, 20, halo=3):
        used = weights.nonzero().flatten()
        assert span.start == 0 or int(used[0]) >= 3
        assert span.stop == 100 or span.length - 1 - int(used[-1]) >= 3


def test_tiles_with_the_halo_of_the_function_give_the_whole_output() -> None:
    kernel, images = torch.rand(1, 1, 7, 7), torch.rand(1, 1, 60, 50)
    output = Store(1 << 20, Path()).allocate((1, 1, 60, 50), torch.float32)
    rows, columns = (overlapping_spans(side, 20, halo=3) for side in (60, 50))

    def convolve(pixels: torch.Tensor, _: Region) -> torch.Tensor:
        return F.conv2d(pixels, kernel, padding=3)

    number = [*translate_tiles(convolve, ImageSource(images), rows, columns, output, 1)][-1]
    assert number == len(rows) * len(columns)
    whole = output.read(Region(Span(0, 60), Span(0, 50)))
    torch.testing.assert_close(whole, F.conv2d(images, kernel, padding=3))


def test_a_tile_that_is_too_small_is_refused_with_the_smallest_possible_tile() -> None:
    with pytest.raises(ConfigError, match=r"tile: 64 .* 40 pixels .*: expected at least 84"):
        overlapping_spans(500, 64, multiple_of=4, halo=40)
    assert overlapping_spans(500, 84, multiple_of=4, halo=40)
    with pytest.raises(ConfigError, match="multiples of 256: expected at least 512"):
        overlapping_spans(1024, 256, multiple_of=256)
