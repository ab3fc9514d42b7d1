"""What translates an image in tiles, as the processing of files needs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from translate.engine.models.tile_options import TileOptions

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from translate.engine.models.image_model import ImageModel
    from translate.engine.tiling.store import Readable
    from translate.engine.traced.regions import Region


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
