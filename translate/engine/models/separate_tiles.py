"""Independent translation of overlapping tiles, for recipes that cannot be traced."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from math import ceil

import torch
import torch.nn.functional as F
from torch import Tensor

from translate.engine.tiling.frozen import FrozenStatistics
from translate.engine.tiling.overlap import overlapping_spans, translate_tiles
from translate.engine.tiling.store import Readable, Store
from translate.engine.traced.regions import Region, Span, read_padded, tile_regions
from translate.nn.geometry import Geometry


@dataclass(frozen=True)
class SeparateTiles:
    """A translation that is blended from the translations of overlapping tiles."""

    call: Callable[[Tensor, tuple[int, int]], Tensor]
    """function of a tile, (1, C, H, W) in [-1, 1], and its first row and column; translates it"""
    geometry: Geometry
    channels: int
    """number of output channels"""
    tile: int
    """tile size in pixels"""
    store: Callable[[], Store]
    """creates the store of the output"""

    def translate(
        self,
        image: Readable,
        size: tuple[int, int],
        sides: tuple[int, int] | None,
        advance: Callable[[float], None],
    ) -> Iterator[tuple[Region, Tensor]]:
        """Yield the translation region by region, as `Tiler.translate` does.

        `advance` is called after each tile with its fraction of the work. Raises `ConfigError` if
        the tiles are smaller than the halo.
        """
        geometry, scale = self.geometry, self.geometry.scale
        padded = _PaddedImage(image, size, (geometry.fit(size[0]), geometry.fit(size[1])))
        tile = geometry.fit(self.tile)
        rows, columns = (
            overlapping_spans(side, tile, multiple_of=geometry.multiple_of, halo=geometry.halo)
            for side in padded.padded_size
        )
        frozen = FrozenStatistics()
        if geometry.halo is None and len(rows) * len(columns) > 1:
            with torch.no_grad(), frozen:
                self.call(_downscale(padded, tile, geometry), (0, 0))
            frozen.replay()

        def translate_tile(pixels: Tensor, region: Region) -> Tensor:
            frozen.rewind()
            with torch.no_grad(), frozen:
                return self.call(pixels, (region.rows.start, region.columns.start))

        shape = (1, self.channels, *(scale * side for side in padded.padded_size))
        with closing(self.store()) as store:
            output = store.allocate(shape, torch.float32)
            for _ in translate_tiles(translate_tile, padded, rows, columns, output, scale):
                advance(1 / (len(rows) * len(columns)))
            for region in tile_regions((scale * size[0], scale * size[1]), sides or (tile, tile)):
                yield region, output.read(region)


@dataclass(frozen=True)
class _PaddedImage:
    """An image with its right and bottom edges repeated."""

    image: Readable
    size: tuple[int, int]
    padded_size: tuple[int, int]

    def read(self, region: Region) -> Tensor:
        return read_padded(self.image.read, region, self.size, "replicate")


def _downscale(image: _PaddedImage, tile: int, geometry: Geometry) -> Tensor:
    """Return the whole image scaled down by an integer factor, to about the pixels of a tile."""
    height, width = image.padded_size
    factor = min(ceil((height * width) ** 0.5 / tile), height, width)
    bottom, right = height - height % factor, width - width % factor
    band = factor * max(1, tile // factor)  # rows to read at a time
    regions = (
        Region(Span(top, min(top + band, bottom)), Span(0, right)) for top in range(0, bottom, band)
    )
    small = torch.cat([F.avg_pool2d(image.read(region), factor) for region in regions], dim=2)
    height, width = small.shape[2], small.shape[3]
    padding = (0, geometry.fit(width) - width, 0, geometry.fit(height) - height)
    return F.pad(small, padding, mode="replicate")
