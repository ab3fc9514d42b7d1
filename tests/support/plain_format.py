"""A third-party image format that keeps every rule: a line of JSON, then the values."""

import json
from collections.abc import Iterator
from math import prod
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from translate.batches import DTYPES
from translate.formats import Header, Window, Writable
from translate.images.layers import Layers, split_alpha
from translate.images.source import EncodedImage

MAGIC = b"PLAIN"


class PlainFormat:
    """Images of every dtype, with or without alpha, written as a whole or in tiles."""

    suffixes = frozenset({".plain"})
    writes = {".plain": Writable(range(1, 6), DTYPES, alpha=True)}
    lossless = True

    def probe(self, source: EncodedImage, frame: int = 0) -> Header | None:  # noqa: ARG002
        """Return the header of a file; None for a file of another format."""
        if not source.data.startswith(MAGIC):
            return None
        shape, dtype, alpha, _ = parse_header(source.data)
        return Header(
            format="PLAIN", size=shape[:2], channels=shape[2], dtype=dtype, alpha=alpha, mode=dtype
        )

    def read(self, source: EncodedImage, frame: int = 0, window: Window | None = None) -> Layers:  # noqa: ARG002
        """Return the pixels of a file."""
        shape, dtype, alpha, start = parse_header(source.data)
        if len(source.data) - start != prod(shape) * np.dtype(dtype).itemsize:
            raise ValueError("a PLAIN file that ends early")
        pixels = np.frombuffer(source.data, dtype, offset=start).reshape(shape)
        return split_alpha(pixels, alpha=alpha).crop(window)

    def write(self, pixels: NDArray[Any], like: Header) -> bytes:
        """Return the content of a file."""
        head = [pixels.shape, pixels.dtype.name, like.alpha]
        return MAGIC + json.dumps(head).encode() + b"\n" + pixels.tobytes()

    def write_tiles(
        self, file: BinaryIO, tiles: Iterator[NDArray[Any]], size: tuple[int, int],
        channels: int, dtype: str, tile: int, like: Header,
    ) -> None:  # fmt: skip
        """Write a file from tiles."""
        pixels = np.zeros((*size, channels), dtype)
        for top in range(0, size[0], tile):
            for left in range(0, size[1], tile):
                window = pixels[top : top + tile, left : left + tile]
                window[:] = next(tiles)[: window.shape[0], : window.shape[1]]
        file.write(self.write(pixels, like))


def parse_header(data: bytes) -> tuple[tuple[int, int, int], str, bool, int]:
    """Return the shape, the dtype, whether the last channel is alpha, and the offset of values."""
    end = data.index(b"\n")
    (height, width, channels), dtype, alpha = json.loads(data[len(MAGIC) : end])
    if dtype not in DTYPES or not all(0 < n < 10**6 for n in (height, width, channels)):
        raise ValueError("a PLAIN file of unknown dtype or shape")
    return (height, width, channels), dtype, bool(alpha), end + 1
