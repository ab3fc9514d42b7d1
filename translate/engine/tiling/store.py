"""Values of whole images, kept in memory up to a limit and beyond it in scratch files."""

from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from translate.engine.disk.scratch import ScratchFile
from translate.engine.tiling.regions import Region


class Readable(Protocol):
    """A spatial value, (1, C, H, W), of which regions can be had."""

    def read(self, region: Region) -> Tensor:
        """Return a region, (1, C, height, width); it must not be changed."""


class Kept(Readable, Protocol):
    """A value that is written region by region."""

    def write(self, region: Region, pixels: Tensor) -> None:
        """Keep a region."""

    def close(self) -> None:
        """Release its memory."""


@dataclass
class Store:
    """Room for values."""

    memory: int
    """bytes that may be held in memory"""
    folder: Path
    """where scratch files are"""
    held: list[Kept] = field(default_factory=list)
    """values that are not closed"""

    def allocate(self, shape: tuple[int, ...], dtype: torch.dtype) -> Kept:
        """Return room for a value (1, C, H, W); raises `OSError` where the disk has none."""
        size = prod(shape) * dtype.itemsize
        if size <= self.memory:
            self.memory -= size
            value: Kept = _InMemory(self, shape, dtype)
        else:
            value = _OnDisk(self, shape, dtype, ScratchFile(self.folder, size))
        self.held.append(value)
        return value

    def release(self, value: Kept, memory: int) -> None:
        """Take back what a value has held of the memory."""
        self.memory += memory
        self.held.remove(value)

    def close(self) -> None:
        """Release everything."""
        for value in [*self.held]:
            value.close()


class _InMemory:
    """Rows of pixels of all channels, in which a region is a view."""

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
    """The same in a file."""

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
        """Return where in the file each of `rows` is, and its bytes."""
        pixel = self._channels * self._dtype.itemsize
        data: Any = rows.numpy().view("u1").reshape(len(rows), -1)
        places = range(*region.rows)
        return [
            ((place * self._width + region.columns.start) * pixel, memoryview(row))
            for place, row in zip(places, data, strict=True)
        ]

    def close(self) -> None:
        self._store.release(self, 0)
        self._file.close()
