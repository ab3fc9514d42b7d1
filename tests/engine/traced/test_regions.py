"""Regions that exceed an image are padded as by PyTorch."""

import pytest
import torch
import torch.nn.functional as F
from tiled import ImageSource

from translate.engine.traced.regions import (
    Region,
    Span,
    count_tiles,
    read_padded,
    span_to_read,
    tile_regions,
)

IMAGE = torch.arange(42.0).view(1, 1, 6, 7)


@pytest.mark.parametrize("fill", ["reflect", "replicate"])
@pytest.mark.parametrize("rows", [(-3, 2), (-2, 8), (4, 9), (1, 3), (-3, -1)])
def test_reflection_and_replication_are_those_of_pytorch(fill: str, rows: tuple[int, int]) -> None:
    padded = F.pad(IMAGE, (3, 3, 3, 3), mode=fill)
    region = Region(Span(*rows), Span(-1, 9))
    expected = padded[..., rows[0] + 3 : rows[1] + 3, 2:12]
    assert torch.equal(read_padded(ImageSource(IMAGE).read, region, (6, 7), fill), expected)  # type: ignore[arg-type]


@pytest.mark.parametrize("rows", [(-3, 2), (-2, 8), (-5, -1), (2, 4)])
def test_pixels_outside_are_a_constant(rows: tuple[int, int]) -> None:
    padded = F.pad(IMAGE, (5, 5, 5, 5), value=9.0)
    pixels = read_padded(ImageSource(IMAGE).read, Region(Span(*rows), Span(5, 10)), (6, 7), 9.0)
    assert torch.equal(pixels, padded[..., rows[0] + 5 : rows[1] + 5, 10:15])


def test_only_the_pixels_that_padding_needs_are_read() -> None:
    assert span_to_read(Span(-2, 4), 10, 0.0) == (0, 4)
    assert span_to_read(Span(-6, 4), 10, "reflect") == (0, 7)
    assert span_to_read(Span(8, 14), 10, "replicate") == (8, 10)


def test_tiles_cover_each_pixel_once() -> None:
    covered = torch.zeros(6, 7)
    for region in tile_regions((6, 7), (4, 3)):
        covered[slice(*region.rows), slice(*region.columns)] += 1
    assert (covered == 1).all() and count_tiles((6, 7), (4, 3)) == 6
