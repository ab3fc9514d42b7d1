"""Decoded images in memory: one block, which worker processes share without a copy."""

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from translate.batches import Domain
from translate.errors import BadImage
from translate.images.domain_images import decode
from translate.images.source import EncodedImage


class Cache:
    """Reads images as (height, width, channels) bytes, and keeps some of them.

    Args:
        sizes: Height and width of each image that is to be kept.
        kind: The domain of images that are not in `kinds`.
        kinds: The domain of each other image.
    """

    def __init__(
        self, sizes: Mapping[Path, tuple[int, int]], kind: Domain, kinds: Mapping[Path, Domain]
    ) -> None:
        self._kind, self._kinds = kind, kinds
        self._places: dict[Path, tuple[int, tuple[int, int, int]]] = {}
        end = 0
        for path, size in sizes.items():
            channels = kinds.get(path, kind).channels
            self._places[path] = end, (*size, channels)
            end += prod(size) * channels
        self._block = torch.empty(end, dtype=torch.uint8)  # a tensor, which spawned workers share
        self._cached_paths: set[Path] = set()

    def __len__(self) -> int:
        return len(self._cached_paths)

    def keep(self, image: EncodedImage) -> None:
        """Decode `image` into the block; raises `BadImage`."""
        pixels = decode(image, self._kinds.get(image.path, self._kind))
        place = self._place(image.path)
        if pixels.shape != place.shape:
            raise BadImage(image.path, "changed while it was read")
        place[...] = pixels
        self._cached_paths.add(image.path)

    def read(self, path: Path) -> NDArray[np.uint8]:
        """Return the pixels of `path`, read-only, from memory or the disk.

        Raises `BadImage`.
        """
        if path not in self._cached_paths:
            return decode(EncodedImage.open(path), self._kinds.get(path, self._kind))
        pixels = self._place(path)
        pixels.flags.writeable = False
        return pixels

    @property
    def nbytes(self) -> int:
        """The size of the block."""
        return self._block.nbytes

    def place_of(self, pixels: NDArray[Any]) -> int | None:
        """Return where `pixels` that were read, or a part of them, begin in the block.

        None for others, such as a copy.
        """
        offset = pixels.__array_interface__["data"][0] - self._block.data_ptr()
        inside = 0 <= offset < self.nbytes and not pixels.flags.writeable
        return offset if inside else None

    def _place(self, path: Path) -> NDArray[Any]:
        start, shape = self._places[path]
        return self._block[start : start + prod(shape)].numpy().reshape(shape)
