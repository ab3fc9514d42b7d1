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

ALIGNED = 4
"""bytes of the largest number: each image begins at a multiple"""


class Cache:
    """Reads images as (height, width, channels) numbers of their domain, and keeps some of them.

    Args:
        sizes: Height and width of each image that is to be kept.
        kind: The domain of images that are not in `kinds`.
        kinds: The domain of each other image.
    """

    def __init__(
        self, sizes: Mapping[Path, tuple[int, int]], kind: Domain, kinds: Mapping[Path, Domain]
    ) -> None:
        self._kind, self._kinds = kind, kinds
        self._places: dict[Path, tuple[int, tuple[int, int, int], str]] = {}
        end = 0
        for path, size in sizes.items():
            domain = kinds.get(path, kind)
            self._places[path] = end, (*size, domain.channels), domain.dtype
            end += cached_bytes(size, domain)
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

    def read(self, path: Path) -> NDArray[Any]:
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
        start, shape, dtype = self._places[path]
        count = prod(shape) * np.dtype(dtype).itemsize
        return self._block[start : start + count].numpy().view(dtype).reshape(shape)


def cached_bytes(size: tuple[int, int], domain: Domain) -> int:
    """Return how many bytes an image of this height and width takes, a multiple of `ALIGNED`."""
    count = prod(size) * domain.channels * np.dtype(domain.dtype).itemsize
    return -(-count // ALIGNED) * ALIGNED
