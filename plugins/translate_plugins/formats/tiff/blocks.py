"""Blocks (strips or tiles) of a TIFF page, of which a window reads only those that it overlaps."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from translate.formats import Window
from translate_plugins.formats.tiff import pages
from translate_plugins.formats.tiff.pages import Page

CACHE_BYTES = 128 << 20
"""size of the decoded blocks that are cached for the next window"""
MIN_LIMIT = 16 << 20
"""size in bytes up to which a block is never too large"""

Rows: TypeAlias = tuple[int, int, int]
"""the index of a block, its first row that is read, and the number of rows"""


class Grid(NamedTuple):
    """The division of a page into blocks."""

    rows: int
    columns: int
    """size of one block in pixels"""
    down: int
    across: int
    """number of blocks of one plane, vertically and horizontally"""
    planes: int

    @classmethod
    def of(cls, page: Page) -> "Grid":
        """Return the grid of a page; raises `ValueError` for implausible block sizes."""
        tags, (height, width) = page.tags, page.size
        tiled = tags.is_tiled
        rows, columns = (tags.tilelength, tags.tilewidth) if tiled else (tags.rowsperstrip, width)
        planes = page.bands if tags.planarconfig == 2 and page.bands > 1 else 1
        if min(rows, columns) < 1:
            raise ValueError(f"a damaged TIFF: blocks of {rows}x{columns} pixels")
        size = rows * columns * page.bands // planes * np.dtype(tags.dtype).itemsize
        limit = 2 * height * width * page.bands * np.dtype(tags.dtype).itemsize
        if size > max(MIN_LIMIT, limit):
            raise ValueError(f"a damaged TIFF: blocks of {size:,} bytes")
        return cls(rows, columns, -(-height // rows), -(-width // columns), planes)


@dataclass(frozen=True)
class Blocks:
    """The blocks of one page."""

    page: Page
    grid: Grid
    _cache: OrderedDict[Rows, NDArray[Any]] = field(default_factory=OrderedDict)

    def read(self, window: Window) -> NDArray[Any]:
        """Return a window of the page as stored: (height, width, bands)."""
        grid, bands = self.grid, self.page.bands
        dtype = np.dtype(self.page.tags.dtype).newbyteorder("=")
        pixels = np.empty((window.height, window.width, bands), dtype)
        bottom, right = window.top + window.height, window.left + window.width
        part = window.height < self.page.size[0] or window.width < self.page.size[1]
        for plane in range(grid.planes):
            channels = slice(plane, plane + 1) if grid.planes > 1 else slice(None)
            for y in range(window.top // grid.rows, -(-bottom // grid.rows)):
                top = max(window.top, y * grid.rows)
                end = min(bottom, (y + 1) * grid.rows)
                for x in range(window.left // grid.columns, -(-right // grid.columns)):
                    left = max(window.left, x * grid.columns)
                    stop = min(right, (x + 1) * grid.columns)
                    index = (plane * grid.down + y) * grid.across + x
                    inside = Window(
                        top - y * grid.rows, left - x * grid.columns, end - top, stop - left
                    )
                    pixels[
                        top - window.top : end - window.top,
                        left - window.left : stop - window.left,
                        channels,
                    ] = self._part(index, inside, keep=part)
        return pixels

    def _part(self, index: int, part: Window, *, keep: bool) -> NDArray[Any]:
        """Return a part of one block."""
        top, left, height, width = part
        if self._is_plain:  # only the rows of the window are read
            key, top = (index, top, height), 0
        else:
            key = (index, 0, self.grid.rows)
        block = self._cache.get(key)
        if block is None:
            block = self._rows(*key) if self._is_plain else self._decode(index)
            if keep:
                self._keep(key, block)
        else:
            self._cache.move_to_end(key)
        if block.shape[0] < top + height or block.shape[1] < left + width:
            raise ValueError(f"{self.page.kind} that cannot be decoded: a block is too small")
        return block[top : top + height, left : left + width]

    def _keep(self, key: Rows, block: NDArray[Any]) -> None:
        self._cache[key] = block
        while len(self._cache) > 1 and sum(b.nbytes for b in self._cache.values()) > CACHE_BYTES:
            self._cache.popitem(last=False)

    @property
    def _is_plain(self) -> bool:
        """Whether pixels are stored as in memory, so that single rows can be read."""
        tags = self.page.tags
        whole = self.page.bits % 8 == 0 and self.page.bits == 8 * np.dtype(tags.dtype).itemsize
        plain = tags.compression == pages.UNCOMPRESSED and tags.predictor == 1
        return plain and whole and tags.fillorder == 1

    def _rows(self, index: int, top: int, height: int) -> NDArray[Any]:
        """Return rows of an uncompressed block."""
        tags = self.page.tags
        bands = 1 if self.grid.planes > 1 else self.page.bands
        dtype = np.dtype(tags.dtype).newbyteorder(tags.parent.byteorder)
        length = self.grid.columns * bands * dtype.itemsize
        offset, count = self._place(index)
        if count < (top + height) * length:
            raise ValueError(f"{self.page.kind} that is damaged: pixels are missing")
        data = self._read(offset + top * length, height * length)
        return np.frombuffer(data, dtype).reshape(height, self.grid.columns, bands)

    def _decode(self, index: int) -> NDArray[Any]:
        """Return a decoded block: (height, width, bands)."""
        tags = self.page.tags
        data = self._read(*self._place(index))
        try:
            if tags.compression == pages.JPEG:
                self._require_jpeg(data)
            decoded, _, _ = tags.decode(data, index, jpegtables=tags.jpegtables)
        except Exception as error:
            text = " ".join(str(error).split()) or type(error).__name__
            raise ValueError(f"{self.page.kind} that cannot be decoded: {text}") from error
        assert decoded is not None  # since `data` is not empty
        block: NDArray[Any] = decoded[0]
        return block

    def _require_jpeg(self, data: bytes) -> None:
        """Raise `ValueError` for a JPEG larger than its block, before memory is allocated."""
        from tifffile.tifffile import jpeg_shape

        _, height, width, _ = jpeg_shape(data)
        if height > self.grid.rows or width > self.grid.columns:
            raise ValueError(f"a block of {height}x{width} pixels")

    def _place(self, index: int) -> tuple[int, int]:
        """Return the offset and the size in bytes of a block."""
        tags = self.page.tags
        if index >= min(len(tags.dataoffsets), len(tags.databytecounts)):
            raise ValueError(f"{self.page.kind} that is damaged: pixels are missing")
        offset, count = int(tags.dataoffsets[index]), int(tags.databytecounts[index])
        if not offset or not count:
            raise ValueError(f"{self.page.kind} that is damaged: blocks are empty")
        return offset, count

    def _read(self, offset: int, size: int) -> bytes:
        with self.page.lock:
            self.page.file.seek(offset)
            data = self.page.file.read(size)
        if len(data) != size:
            raise ValueError(f"{self.page.kind} that is truncated")
        return data
