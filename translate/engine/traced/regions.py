"""Regions of images and feature maps, which are padded outside the border."""

from collections.abc import Callable, Iterator
from math import ceil
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

Fill = float | Literal["reflect", "replicate"]
"""padding: a constant, or a mode of `torch.nn.functional.pad`"""


class Span(NamedTuple):
    """A range of rows or columns."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """Number of rows or columns."""
        return self.stop - self.start

    def within(self, side: int) -> "Span":
        """Return the part inside an image with a side of this length."""
        start = min(max(self.start, 0), side)
        return Span(start, max(start, min(self.stop, side)))


class Region(NamedTuple):
    """A rectangle of rows and columns."""

    rows: Span
    columns: Span

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.rows.length, self.columns.length

    @property
    def area(self) -> int:
        """Number of pixels."""
        return self.rows.length * self.columns.length

    def map(self, change: Callable[[int, Span], Span]) -> "Region":
        """Return the region with the spans ``change(axis, span)``; axis 0 has the rows."""
        return Region(change(0, self.rows), change(1, self.columns))

    def within(self, size: tuple[int, int]) -> "Region":
        """Return the part inside an image of this size."""
        return self.map(lambda axis, span: span.within(size[axis]))


def whole_image(size: tuple[int, int]) -> Region:
    """Return the region of a whole image of this height and width."""
    return Region(Span(0, size[0]), Span(0, size[1]))


def tile_regions(size: tuple[int, int], tile: tuple[int, int]) -> Iterator[Region]:
    """Yield regions of at most the size `tile` that cover an image, row by row."""
    for top in range(0, size[0], tile[0]):
        for left in range(0, size[1], tile[1]):
            yield Region(Span(top, top + tile[0]), Span(left, left + tile[1])).within(size)


def count_tiles(size: tuple[int, int], tile: tuple[int, int]) -> int:
    """Return how many regions `tile_regions` yields."""
    return ceil(size[0] / tile[0]) * ceil(size[1] / tile[1])


def span_to_read(span: Span, side: int, fill: Fill) -> Span:
    """Return what `read_padded` reads of an image for `span`, which may exceed the image."""
    if not isinstance(fill, str):
        return span.within(side)
    indices = _padded_indices(span, side, fill)
    return Span(min(indices), max(indices) + 1)


def read_padded(
    read: Callable[[Region], Tensor], region: Region, size: tuple[int, int], fill: Fill
) -> Tensor:
    """Return a region of an image, padded where it exceeds the border.

    Args:
        read: returns (N, C, height, width) of a region inside the image.
        region: the region, which may exceed the image.
        size: height and width of the image.
        fill: the padding.
    """
    inside = region.map(lambda axis, span: span_to_read(span, size[axis], fill))
    pixels = read(inside)
    if inside == region:
        return pixels
    before = [part.start - span.start for span, part in zip(region, inside, strict=True)]
    after = [span.stop - part.stop for span, part in zip(region, inside, strict=True)]
    beyond = (before[1], after[1], before[0], after[0])
    if isinstance(fill, str):
        if min(beyond) >= 0:
            return F.pad(pixels, beyond, mode=fill)
        for axis, (span, part) in enumerate(zip(region, inside, strict=True)):
            if span != part:
                indices = [index - part.start for index in _padded_indices(span, size[axis], fill)]
                pixels = pixels.index_select(2 + axis, torch.tensor(indices, device=pixels.device))
        return pixels
    if not inside.area:
        return pixels.new_full((*pixels.shape[:2], *region.size), fill)
    return F.pad(pixels, beyond, value=fill)


def _padded_indices(span: Span, side: int, fill: Fill) -> list[int]:
    """Return the row or column of the image at each position of `span` in the padded image."""
    if fill == "replicate":
        return [min(max(index, 0), side - 1) for index in range(*span)]
    reflected = (abs(index) for index in range(*span))
    return [index if index < side else 2 * (side - 1) - index for index in reflected]
