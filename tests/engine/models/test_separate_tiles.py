"""Tiles that are translated independently."""

from functools import partial
from pathlib import Path

import torch
from tiled import ImageSource
from torch import Tensor

from translate.engine.models.separate_tiles import SeparateTiles
from translate.engine.tiling.store import Store
from translate.nn.geometry import Geometry


def test_the_reduced_image_comes_first_and_each_tile_gets_its_place() -> None:
    calls: list[tuple[tuple[int, ...], tuple[int, int]]] = []

    def double(pixels: Tensor, at: tuple[int, int]) -> Tensor:
        calls.append((tuple(pixels.shape[-2:]), at))
        return pixels.repeat_interleave(2, 2).repeat_interleave(2, 3)

    geometry, images = Geometry(multiple_of=4, scale=2), torch.rand(1, 3, 30, 53)
    tiles = SeparateTiles(double, geometry, 3, 22, partial(Store, 1 << 20, Path("/nowhere")))
    shares, result = list[float](), torch.zeros(1, 3, 60, 106)
    for region, part in tiles.translate(ImageSource(images), (30, 53), (16, 16), shares.append):
        assert max(region.size) <= 16
        result[..., slice(*region.rows), slice(*region.columns)] = part
    torch.testing.assert_close(result, images.repeat_interleave(2, 2).repeat_interleave(2, 3))
    (first, _), *others = calls
    assert first == (16, 28), "padded to 32x56, halved"
    assert {size for size, _ in others} == {(24, 24)}
    assert {at for _, at in others} == {(y, x) for y in (0, 8) for x in (0, 16, 32)}
    assert abs(sum(shares) - 1) < 1e-9


def test_one_tile_is_the_image_itself() -> None:
    tiles = SeparateTiles(
        lambda pixels, at: pixels + at[0], Geometry(), 3, 64, partial(Store, 1 << 20, Path())
    )
    images = torch.rand(1, 3, 30, 53)
    ((_, part),) = tiles.translate(ImageSource(images), (30, 53), None, bool)
    torch.testing.assert_close(part, images)
