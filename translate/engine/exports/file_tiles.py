"""Tiles of images for an exported file, which overlap by what its outputs depend on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from translate.engine.models.tile_options import (
    DEFAULT_TILE,
    SMALLEST_TILE,
    StoppedError,
    TileOptions,
)
from translate.engine.system.memory import free_memory

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from translate.engine.exports.file_model import FileModel
    from translate.engine.tiling.store import Readable
    from translate.engine.traced.regions import Region

OVERHEAD = 2
"""times the memory of a network's values that the other program takes at most: ONNX Runtime takes
1.0 to 1.8"""


@dataclass
class FileTiler:
    """Translates images in tiles by a file whose record has a halo, so that none has a seam."""

    model: FileModel
    to: str
    limits: TileOptions

    @property
    def device(self) -> torch.device:
        """The CPU."""
        import torch  # here and below: seconds, and only tiles need it

        return torch.device("cpu")

    @cached_property
    def memory(self) -> int:
        """Bytes that the values of the network may take."""
        return self.limits.memory_within(free_memory())

    @property
    def recorded_tile(self) -> None:
        """Results do not depend on the tiles."""
        return None

    def describe(self) -> str:
        """Return an empty text: there is nothing to know about the tiles."""
        return ""

    def wants(self, size: tuple[int, int]) -> bool:
        """Return whether an image of this size is translated in tiles."""
        if self.limits.tile is not None:
            return True
        if not self.model.record.bytes_per_pixel:  # not known
            return self.limits.memory is not None
        return self._bytes(*size) > self.memory

    def translate(
        self, image: Readable, size: tuple[int, int], sides: tuple[int, int] | None = None
    ) -> Iterator[tuple[Region, Tensor]]:
        """Yield the translation region by region, as `ImageTiler.translate` says."""
        import torch

        from translate.engine.models.separate_tiles import SeparateTiles
        from translate.engine.tiling.store import Store

        def translate(pixels: Tensor, at: tuple[int, int]) -> Tensor:  # noqa: ARG001
            return torch.from_numpy(self.model.run_network(pixels.contiguous().numpy()))

        channels = self.model.record.target.channels
        store = partial(Store, self.memory, self.limits.folder)
        tiles = SeparateTiles(translate, self.model.geometry, channels, self._tile, store)
        yield from tiles.translate(image, size, sides, self._advance)

    @property
    def _tile(self) -> int:
        """The side of tiles: the largest usual one whose values take half of the memory."""
        if self.limits.tile is not None:
            return self.limits.tile
        tile, halo = DEFAULT_TILE, self.model.geometry.halo or 0
        least = max(SMALLEST_TILE, 4 * halo)  # so that half of a tile is not computed twice
        while tile > least and self._bytes(tile, tile) > self.memory // 2:
            tile = max(tile // 2, least)
        return tile

    def _bytes(self, height: int, width: int) -> int:
        """Return the memory of the translation of an image as a whole."""
        return OVERHEAD * height * width * self.model.record.bytes_per_pixel

    def _advance(self, share: float) -> None:
        self.limits.advance(share)
        if self.limits.stop():
            raise StoppedError
