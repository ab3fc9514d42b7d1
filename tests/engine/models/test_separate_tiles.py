"""Tiles that are translated independently of each other."""

from functools import partial
from pathlib import Path

import torch
from tiled import ImageSource
from torch import Tensor

from translate.engine.models.separate_tiles import SeparateTiles
from translate.engine.tiling.store import Store
from translate.nn.geometry import Geometry


def test_the_downscaled_image_is_translated_first_and_then_each_tile_at_its_place() -> None:
    calls: list[tuple[tuple[int, ...], tuple[int, int]]] = []

    def upscale(pixels: Tensor, origin: tuple[int, int]) -> Tensor:
        calls.append((tuple(pixels.shape[-2:]), origin))
        return pixels.repeat_interleave(2, 2).repeat_interleave(2, 3)

    geometry, images = Geometry(multiple_of=4, scale=2), torch.rand(1, 3, 30, 53)
    tiles = SeparateTiles(upscale, geometry, 3, 22, partial(Store, 1 << 20, Path("/nowhere")))
    fractions, result = list[float](), torch.zeros(1, 3, 60, 106)
    for region, part in tiles.translate(ImageSource(images), (30, 53), (16, 16), fractions.append):
        assert max(region.size) <= 16
        result[..., slice(*region.rows), slice(*region.columns)] = part
    torch.testing.assert_close(result, images.repeat_interleave(2, 2).repeat_interleave(2, 3))
    (first_size, _), *others = calls
    assert first_size == (16, 28), "half of the padded size 32x56"
    assert {size for size, _ in others} == {(24, 24)}
    assert {origin for _, origin in others} == {(y, x) for y in (0, 8) for x in (0, 16, 32)}
    assert abs(sum(fractions) - 1) < 1e-9


def test_an_image_smaller_than_a_tile_is_translated_whole() -> None:
    store = partial(Store, 1 << 20, Path())
    tiles = SeparateTiles(lambda pixels, origin: pixels + origin[0], Geometry(), 3, 64, store)
    images = torch.rand(1, 3, 30, 53)
    ((_, part),) = tiles.translate(ImageSource(images), (30, 53), None, bool)
    torch.testing.assert_close(part, images)
