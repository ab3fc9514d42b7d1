"""Limits of the translation of an image in tiles, and what translates it."""

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
"""sides of tiles, in pixels"""
SMALLEST_TILE = 64
UNKNOWN_MEMORY = 4_000_000_000
"""bytes, where the system does not say how much is free"""
MEMORY_OF_TILES = 400_000_000
"""bytes of values that stay in memory where images are translated in tiles of a given size"""


class StoppedError(Exception):
    """The user has interrupted the command while an image was translated in tiles."""


class NotFiniteError(Exception):
    """The translation of a tile is not finite."""


@dataclass(frozen=True)
class TileOptions:
    """Limits of the translation of one image."""

    tile: int | None
    """sides of tiles; None: images are translated in tiles only where memory does not suffice"""
    memory: int | None
    """bytes that the values of a network may take; what exceeds it is in scratch files; None: with
    a `tile` 400 MB, else half of what is free"""
    folder: Path
    """where scratch files are"""
    stop: Callable[[], object] = bool
    """whether to stop, asked between tiles"""
    advance: Callable[[float], object] = bool
    """called after each tile with its share of the work for one image"""

    def memory_within(self, free: int) -> int:
        """Return how many bytes the values of a network may take, where so many are `free`.

        By default half of them; little with a given `tile`, which is a wish for little memory.
        """
        default = (free // 2 or UNKNOWN_MEMORY) if self.tile is None else MEMORY_OF_TILES
        return self.memory or default


class ImageTiler(Protocol):
    """Translates images in tiles, by one model to one domain."""

    to: str
    limits: TileOptions

    @property
    def model(self) -> ImageModel:
        """What translates."""

    @property
    def device(self) -> torch.device:
        """Where images are wanted."""

    @property
    def memory(self) -> int:
        """Bytes that the values of the network may take."""

    @property
    def recorded_tile(self) -> int | None:
        """The tile size where results depend on it; None where they do not."""

    def describe(self) -> str:
        """Return what a person has to know about the tiles, in one line; empty if nothing."""

    def wants(self, size: tuple[int, int]) -> bool:
        """Return whether an image of this size is translated in tiles."""

    def translate(
        self, image: Readable, size: tuple[int, int], sides: tuple[int, int] | None = None
    ) -> Iterator[tuple[Region, Tensor]]:
        """Yield the translation, (1, C, height, width) in [-1, 1], region by region.

        Args:
            image: (1, C, H, W) in [-1, 1].
            size: its height and width.
            sides: of the regions, which come row by row; by default any.

        Raises:
            StoppedError: the user has interrupted the command.
            ConfigError: the tiles are smaller than the halo.
            OSError: the disk has no room for scratch files.
        """
