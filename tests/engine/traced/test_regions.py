"""Regions that exceed an image are filled as PyTorch pads."""

import pytest
import torch
import torch.nn.functional as F
from tiled import Source

from translate.engine.traced.regions import Region, Span, count, fetch, source_span, split

IMAGE = torch.arange(42.0).view(1, 1, 6, 7)


@pytest.mark.parametrize(("fill", "mode"), [("reflect", "reflect"), ("replicate", "replicate")])
@pytest.mark.parametrize("rows", [(-3, 2), (-2, 8), (4, 9), (1, 3), (-3, -1)])
def test_a_region_outside_is_what_padding_puts_there(
    fill: str, mode: str, rows: tuple[int, int]
) -> None:
    padded = F.pad(IMAGE, (3, 3, 3, 3), mode=mode)
    region = Region(Span(*rows), Span(-1, 9))
    expected = padded[..., rows[0] + 3 : rows[1] + 3, 2:12]
    assert torch.equal(fetch(Source(IMAGE).read, region, (6, 7), fill), expected)  # type: ignore[arg-type]


@pytest.mark.parametrize("rows", [(-3, 2), (-2, 8), (-5, -1), (2, 4)])
def test_a_number_fills_what_is_outside(rows: tuple[int, int]) -> None:
    padded = F.pad(IMAGE, (5, 5, 5, 5), value=9.0)
    made = fetch(Source(IMAGE).read, Region(Span(*rows), Span(5, 10)), (6, 7), 9.0)
    assert torch.equal(made, padded[..., rows[0] + 5 : rows[1] + 5, 10:15])


def test_only_what_is_needed_is_read() -> None:
    assert source_span(Span(-2, 4), 10, 0.0) == (0, 4)
    assert source_span(Span(-6, 4), 10, "reflect") == (0, 7)
    assert source_span(Span(8, 14), 10, "replicate") == (8, 10)


def test_tiles_cover_each_pixel_once() -> None:
    covered = torch.zeros(6, 7)
    for region in split((6, 7), (4, 3)):
        covered[slice(*region.rows), slice(*region.columns)] += 1
    assert (covered == 1).all() and count((6, 7), (4, 3)) == 6
