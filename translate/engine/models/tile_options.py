"""Limits of the translation of an image in tiles."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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
