"""Storage of images and feature maps in memory up to a limit, and in scratch files beyond it."""

from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from translate.engine.disk.scratch import ScratchFile
from translate.engine.traced.regions import Region


class Readable(Protocol):
    """An image or feature map, (1, C, H, W), that is read region by region."""

    def read(self, region: Region) -> Tensor:
        """Return a region, (1, C, height, width), which the caller must not change."""


class StoredValue(Readable, Protocol):
    """An image or feature map that is written and read region by region."""

    def write(self, region: Region, pixels: Tensor) -> None:
        """Write a region."""

    def close(self) -> None:
        """Release its memory or file."""


@dataclass
class Store:
    """Stores images and feature maps: in memory up to a limit, then in scratch files."""

    memory: int
    """bytes that may still be allocated in memory"""
    folder: Path
    """folder of scratch files"""
    values: list[StoredValue] = field(default_factory=list)
    """allocated values that are not closed yet"""

    def allocate(self, shape: tuple[int, ...], dtype: torch.dtype) -> StoredValue:
        """Return an empty value (1, C, H, W) to write to; raises `OSError` if the disk is full."""
        size = prod(shape) * dtype.itemsize
        if size <= self.memory:
            self.memory -= size
            value: StoredValue = _InMemory(self, shape, dtype)
        else:
            value = _OnDisk(self, shape, dtype, ScratchFile(self.folder, size))
        self.values.append(value)
        return value

    def release(self, value: StoredValue, memory: int) -> None:
        """Remove a closed value; its `memory` can be allocated again."""
        self.memory += memory
        self.values.remove(value)

    def close(self) -> None:
        """Close all values."""
        for value in [*self.values]:
            value.close()


class _InMemory:
    """A value in memory, as (H, W, C); reading a region copies nothing."""

    def __init__(self, store: Store, shape: tuple[int, ...], dtype: torch.dtype) -> None:
        _, channels, height, width = shape
        self._store, self._bytes = store, prod(shape) * dtype.itemsize
        self._pixels = torch.zeros((height, width, channels), dtype=dtype)

    def write(self, region: Region, pixels: Tensor) -> None:
        self._pixels[slice(*region.rows), slice(*region.columns)] = pixels[0].permute(1, 2, 0)

    def read(self, region: Region) -> Tensor:
        part = self._pixels[slice(*region.rows), slice(*region.columns)]
        return part.permute(2, 0, 1)[None]

    def close(self) -> None:
        self._store.release(self, self._bytes)
        self._pixels = self._pixels.new_empty(0)


class _OnDisk:
    """A value in a scratch file, as (H, W, C)."""

    def __init__(
        self, store: Store, shape: tuple[int, ...], dtype: torch.dtype, file: ScratchFile
    ) -> None:
        _, self._channels, _, self._width = shape
        self._store, self._file, self._dtype = store, file, dtype

    def write(self, region: Region, pixels: Tensor) -> None:
        rows = pixels[0].permute(1, 2, 0).contiguous().cpu()
        for offset, row in self._rows(region, rows):
            self._file.write(offset, row)

    def read(self, region: Region) -> Tensor:
        rows = torch.empty((*region.size, self._channels), dtype=self._dtype)
        for offset, row in self._rows(region, rows):
            self._file.read_into(offset, row)
        return rows.permute(2, 0, 1)[None]

    def _rows(self, region: Region, rows: Tensor) -> list[tuple[int, memoryview]]:
        """Return the file offset and the bytes of each of `rows`."""
        pixel = self._channels * self._dtype.itemsize
        data: Any = rows.numpy().view("u1").reshape(len(rows), -1)
        return [
            ((number * self._width + region.columns.start) * pixel, memoryview(row))
            for number, row in zip(range(*region.rows), data, strict=True)
        ]

    def close(self) -> None:
        self._store.release(self, 0)
        self._file.close()
