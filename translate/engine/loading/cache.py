"""A cache of decoded images: one block of memory, which worker processes share without copies."""

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from translate.batches import Domain
from translate.errors import BadImage
from translate.images.domains.domain_images import decode
from translate.images.source import EncodedImage

ALIGNMENT = 4
"""alignment of each image in bytes: the size of the largest dtype"""


class Cache:
    """Reads images from memory or the disk: (height, width, channels) in the dtype of their domain.

    Args:
        sizes: Height and width of each image to cache.
        default_domain: The domain of images that are not in `domains`.
        domains: The domain of images by path.
    """

    def __init__(
        self,
        sizes: Mapping[Path, tuple[int, int]],
        default_domain: Domain,
        domains: Mapping[Path, Domain],
    ) -> None:
        self._default_domain, self._domains = default_domain, domains
        self._entries: dict[Path, tuple[int, tuple[int, int, int], str]] = {}
        end = 0
        for path, size in sizes.items():
            domain = domains.get(path, default_domain)
            self._entries[path] = end, (*size, domain.channels), domain.dtype
            end += cached_bytes(size, domain)
        self._block = torch.empty(end, dtype=torch.uint8)  # a tensor, which spawned workers share
        self._cached_paths: set[Path] = set()

    def __len__(self) -> int:
        return len(self._cached_paths)

    def add(self, image: EncodedImage) -> None:
        """Decode `image` into the cache; raises `BadImage`."""
        pixels = self._decode(image)
        view = self._view(image.path)
        if pixels.shape != view.shape:
            raise BadImage(image.path, "changed while it was read")
        view[...] = pixels
        self._cached_paths.add(image.path)

    def read(self, path: Path) -> NDArray[Any]:
        """Return the pixels of `path`, read-only, from memory or the disk.

        Raises `BadImage`.
        """
        if path not in self._cached_paths:
            return self._decode(EncodedImage.open(path))
        pixels = self._view(path)
        pixels.flags.writeable = False
        return pixels

    @property
    def nbytes(self) -> int:
        """The size of the block."""
        return self._block.nbytes

    def offset_of(self, pixels: NDArray[Any]) -> int | None:
        """Return the offset in the block of `pixels` from `read`, or of a view of them.

        None for other arrays, such as a copy.
        """
        offset = pixels.__array_interface__["data"][0] - self._block.data_ptr()
        is_in_block = 0 <= offset < self.nbytes and not pixels.flags.writeable
        return offset if is_in_block else None

    def _decode(self, image: EncodedImage) -> NDArray[Any]:
        return decode(image, self._domains.get(image.path, self._default_domain))

    def _view(self, path: Path) -> NDArray[Any]:
        start, shape, dtype = self._entries[path]
        count = prod(shape) * np.dtype(dtype).itemsize
        return self._block[start : start + count].numpy().view(dtype).reshape(shape)


def cached_bytes(size: tuple[int, int], domain: Domain) -> int:
    """Return the size of an image in the cache in bytes, a multiple of `ALIGNMENT`."""
    count = prod(size) * domain.channels * np.dtype(domain.dtype).itemsize
    return -(-count // ALIGNMENT) * ALIGNMENT
