"""Translation by an exported file in overlapping tiles, for images that do not fit in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from translate.engine.models.tile_options import SMALLEST_TILE, TileOptions
from translate.engine.system.memory import free_memory

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from translate.engine.exports.torch_free.file_model import FileModel
    from translate.engine.tiling.store import Readable
    from translate.engine.traced.regions import Region

OVERHEAD = 2
"""largest memory of an inference engine relative to the activations; ONNX Runtime: 1.0 to 1.8"""


@dataclass
class FileTiler:
    """An `ImageTiler` for an exported file; tiles overlap by the halo, so outputs have no seams."""

    model: FileModel
    """a model with a halo"""
    to: str
    """the target domain"""
    limits: TileOptions

    @property
    def device(self) -> torch.device:
        import torch  # takes seconds, and only tiles need it

        return torch.device("cpu")

    @cached_property
    def memory(self) -> int:
        return self.limits.memory_within(free_memory())

    @property
    def recorded_tile(self) -> None:
        return None  # outputs do not depend on the tile size

    def describe(self) -> str:
        return ""

    def needs_tiles(self, size: tuple[int, int]) -> bool:
        if self.limits.tile is not None:
            return True
        if not self.model.record.bytes_per_pixel:  # unknown
            return self.limits.memory is not None
        return self._bytes(*size) > self.memory

    def translate(
        self, image: Readable, size: tuple[int, int], sides: tuple[int, int] | None = None
    ) -> Iterator[tuple[Region, Tensor]]:
        import torch

        from translate.engine.models.separate_tiles import SeparateTiles
        from translate.engine.tiling.store import Store

        def translate(pixels: Tensor, at: tuple[int, int]) -> Tensor:  # noqa: ARG001
            return torch.from_numpy(self.model.run_network(pixels.contiguous().numpy()))

        channels = self.model.record.target.channels
        store = partial(Store, self.memory, self.limits.folder)
        tiles = SeparateTiles(translate, self.model.geometry, channels, self._tile, store)
        yield from tiles.translate(image, size, sides, self.limits.report_tile)

    @property
    def _tile(self) -> int:
        halo = self.model.geometry.halo or 0
        smallest = max(SMALLEST_TILE, 4 * halo)  # else most of a tile would be overlap
        return self.limits.tile_within(self.memory, lambda tile: self._bytes(tile, tile), smallest)

    def _bytes(self, height: int, width: int) -> int:
        """Return the memory that translating an image of this size without tiles takes."""
        return OVERHEAD * height * width * self.model.record.bytes_per_pixel
