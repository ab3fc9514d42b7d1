"""Blocks (strips or tiles) of a TIFF page; a window reads only those that it overlaps."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from translate.errors import error_text
from translate.formats import Window
from translate_plugins.formats.tiff import pages
from translate_plugins.formats.tiff.pages import Page

CACHE_BYTES = 128 << 20
"""limit of the decoded blocks that are cached for the next window"""
ALLOWED_BLOCK_BYTES = 16 << 20
"""size up to which a block is plausible in a page of any size"""


class BlockRows(NamedTuple):
    """Some rows of one block, the key of the cache."""

    block: int
    """the index of the block"""
    first_row: int
    row_count: int


class Grid(NamedTuple):
    """The division of a page into blocks."""

    block_height: int
    block_width: int
    """size of one block in pixels"""
    blocks_down: int
    blocks_across: int
    """number of blocks of one plane, vertically and horizontally"""
    planes: int
    """number of bands if each is stored separately, else 1"""

    @classmethod
    def of(cls, page: Page) -> "Grid":
        """Return the grid of a page; raises `ValueError` for implausible block sizes."""
        tags, (height, width) = page.tags, page.size
        block_height, block_width = (
            (tags.tilelength, tags.tilewidth) if tags.is_tiled else (tags.rowsperstrip, width)
        )
        planes = page.bands if tags.planarconfig == 2 and page.bands > 1 else 1
        if min(block_height, block_width) < 1:
            raise ValueError(f"a damaged TIFF: blocks of {block_height}x{block_width} pixels")
        itemsize = np.dtype(tags.dtype).itemsize
        block_bytes = block_height * block_width * page.bands // planes * itemsize
        page_bytes = height * width * page.bands * itemsize
        if block_bytes > max(ALLOWED_BLOCK_BYTES, 2 * page_bytes):
            raise ValueError(f"a damaged TIFF: blocks of {block_bytes:,} bytes")
        blocks_down, blocks_across = -(-height // block_height), -(-width // block_width)
        return cls(block_height, block_width, blocks_down, blocks_across, planes)


@dataclass(frozen=True)
class Blocks:
    """The blocks of one page."""

    page: Page
    grid: Grid
    _cache: OrderedDict[BlockRows, NDArray[Any]] = field(default_factory=OrderedDict)

    def read(self, window: Window) -> NDArray[Any]:
        """Return a window of the page as stored: (height, width, bands)."""
        grid, bands = self.grid, self.page.bands
        dtype = np.dtype(self.page.tags.dtype).newbyteorder("=")
        pixels = np.empty((window.height, window.width, bands), dtype)
        bottom, right = window.top + window.height, window.left + window.width
        is_part_of_page = (window.height, window.width) != self.page.size  # may need a block again
        for plane in range(grid.planes):
            channels = slice(plane, plane + 1) if grid.planes > 1 else slice(None)
            for y, top, end_row in _overlaps(window.top, bottom, grid.block_height):
                for x, left, end_column in _overlaps(window.left, right, grid.block_width):
                    index = (plane * grid.blocks_down + y) * grid.blocks_across + x
                    top_in_block, left_in_block = top % grid.block_height, left % grid.block_width
                    part = Window(top_in_block, left_in_block, end_row - top, end_column - left)
                    pixels[
                        top - window.top : end_row - window.top,
                        left - window.left : end_column - window.left,
                        channels,
                    ] = self._read_part(index, part, cache=is_part_of_page)
        return pixels

    def _read_part(self, index: int, part: Window, *, cache: bool) -> NDArray[Any]:
        """Return `part` of the block of this index."""
        top, left, height, width = part
        if self._has_readable_rows:  # only the rows of the part are read
            key, top = BlockRows(index, top, height), 0
        else:
            key = BlockRows(index, 0, self.grid.block_height)
        block = self._cache.get(key)
        if block is None:
            block = self._read_rows(key) if self._has_readable_rows else self._decode(index)
            if cache:
                self._add_to_cache(key, block)
        else:
            self._cache.move_to_end(key)
        if block.shape[0] < top + height or block.shape[1] < left + width:
            raise ValueError(f"{self.page.kind} that cannot be decoded: a block is too small")
        return block[top : top + height, left : left + width]

    def _add_to_cache(self, key: BlockRows, block: NDArray[Any]) -> None:
        self._cache[key] = block
        while len(self._cache) > 1 and sum(b.nbytes for b in self._cache.values()) > CACHE_BYTES:
            self._cache.popitem(last=False)

    @property
    def _has_readable_rows(self) -> bool:
        """Whether pixels are stored as in memory, so that single rows can be read."""
        tags = self.page.tags
        has_whole_bytes = self.page.bits == 8 * np.dtype(tags.dtype).itemsize
        is_unencoded = tags.compression == pages.UNCOMPRESSED and tags.predictor == 1
        return is_unencoded and has_whole_bytes and tags.fillorder == 1

    def _read_rows(self, rows: BlockRows) -> NDArray[Any]:
        """Return rows of an uncompressed block: (height, width, bands)."""
        tags = self.page.tags
        bands = 1 if self.grid.planes > 1 else self.page.bands
        dtype = np.dtype(tags.dtype).newbyteorder(tags.parent.byteorder)
        row_bytes = self.grid.block_width * bands * dtype.itemsize
        offset, block_bytes = self._offset_and_size(rows.block)
        if block_bytes < (rows.first_row + rows.row_count) * row_bytes:
            raise ValueError(f"{self.page.kind} that is damaged: pixels are missing")
        data = self._read_bytes(offset + rows.first_row * row_bytes, rows.row_count * row_bytes)
        return np.frombuffer(data, dtype).reshape(rows.row_count, self.grid.block_width, bands)

    def _decode(self, index: int) -> NDArray[Any]:
        """Return a decoded block: (height, width, bands)."""
        tags = self.page.tags
        data = self._read_bytes(*self._offset_and_size(index))
        try:
            if tags.compression == pages.JPEG:
                self._require_jpeg_of_block_size(data)
            decoded, _, _ = tags.decode(data, index, jpegtables=tags.jpegtables)
        except Exception as error:
            raise ValueError(
                f"{self.page.kind} that cannot be decoded: {error_text(error)}"
            ) from error
        assert decoded is not None  # since `data` is not empty
        block: NDArray[Any] = decoded[0]
        return block

    def _require_jpeg_of_block_size(self, data: bytes) -> None:
        """Raise `ValueError` for a JPEG larger than its block, before memory is allocated."""
        from tifffile.tifffile import jpeg_shape

        _, height, width, _ = jpeg_shape(data)
        if height > self.grid.block_height or width > self.grid.block_width:
            raise ValueError(f"a block of {height}x{width} pixels")

    def _offset_and_size(self, index: int) -> tuple[int, int]:
        """Return the offset and the size in bytes of a block."""
        tags = self.page.tags
        if index >= min(len(tags.dataoffsets), len(tags.databytecounts)):
            raise ValueError(f"{self.page.kind} that is damaged: pixels are missing")
        offset, size = int(tags.dataoffsets[index]), int(tags.databytecounts[index])
        if not offset or not size:
            raise ValueError(f"{self.page.kind} that is damaged: blocks are empty")
        return offset, size

    def _read_bytes(self, offset: int, size: int) -> bytes:
        with self.page.lock:
            self.page.file.seek(offset)
            data = self.page.file.read(size)
        if len(data) != size:
            raise ValueError(f"{self.page.kind} that is truncated")
        return data


def _overlaps(start: int, end: int, block_side: int) -> Iterator[tuple[int, int, int]]:
    """Yield the index of each block between `start` and `end`, and both ends of the overlap."""
    for index in range(start // block_side, -(-end // block_side)):
        block_start = index * block_side
        yield index, max(start, block_start), min(end, block_start + block_side)
