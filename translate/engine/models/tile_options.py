"""The tile size and memory limit of a translation in tiles, and the interface of tilers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from translate.engine.models.image_model import ImageModel
    from translate.engine.tiling.store import Readable
    from translate.engine.traced.regions import Region

DEFAULT_TILE = 1024
"""tile size in pixels"""
SMALLEST_TILE = 64
DEFAULT_MEMORY = 4_000_000_000
"""limit in bytes for activations in memory, if the system does not report its free memory"""
TILE_MEMORY = 400_000_000
"""limit in bytes for activations in memory, if the tile size is set"""


class StoppedError(Exception):
    """The user has stopped the command while an image was translated in tiles."""


class NotFiniteError(Exception):
    """The translation of a tile is not finite."""


@dataclass(frozen=True)
class TileOptions:
    """Limits of the translation of one image."""

    tile: int | None
    """tile size in pixels; None: tiles only for images that need more than `memory`"""
    memory: int | None
    """limit in bytes for activations in memory; others are in scratch files. None: 400 MB with a
    `tile`, else half of the free memory"""
    folder: Path
    """folder of scratch files"""
    stop: Callable[[], object] = bool
    """returns whether to stop; called between tiles"""
    advance: Callable[[float], object] = bool
    """called after each tile with its fraction of the work for one image"""

    def memory_within(self, free: int) -> int:
        """Return the limit in bytes for activations, if `free` bytes of memory are free."""
        return self.memory or (TILE_MEMORY if self.tile else free // 2 or DEFAULT_MEMORY)

    def tile_within(
        self, memory: int, bytes_of_tile: Callable[[int], int], smallest: int = SMALLEST_TILE
    ) -> int:
        """Return `tile`, or `DEFAULT_TILE` halved until a tile takes at most half of `memory`."""
        if self.tile is not None:
            return self.tile
        tile = DEFAULT_TILE
        while tile > smallest and bytes_of_tile(tile) > memory // 2:
            tile = max(tile // 2, smallest)
        return tile

    def report_tile(self, fraction: float) -> None:
        """Call `advance` with the fraction of a tile; raises `StoppedError` if `stop` says so."""
        self.advance(fraction)
        if self.stop():
            raise StoppedError


class ImageTiler(Protocol):
    """Translates images in tiles with one model to one domain."""

    to: str
    limits: TileOptions

    @property
    def model(self) -> ImageModel:
        """The model that translates."""

    @property
    def device(self) -> torch.device:
        """The device of the images."""

    @property
    def memory(self) -> int:
        """The limit in bytes for activations in memory."""

    @property
    def recorded_tile(self) -> int | None:
        """The tile size if outputs depend on it, else None."""

    def describe(self) -> str:
        """Return one line on how tiles change outputs; empty if they do not."""

    def needs_tiles(self, size: tuple[int, int]) -> bool:
        """Return whether an image of this size is translated in tiles."""

    def translate(
        self, image: Readable, size: tuple[int, int], sides: tuple[int, int] | None = None
    ) -> Iterator[tuple[Region, Tensor]]:
        """Yield the translation, (1, C, height, width) in [-1, 1], region by region.

        Args:
            image: (1, C, H, W) in [-1, 1].
            size: its height and width.
            sides: size of the regions, which are yielded row by row; None: any sizes and order.

        Raises:
            StoppedError: the user has stopped the command.
            ConfigError: the tiles are smaller than the halo.
            OSError: the disk is full.
        """
