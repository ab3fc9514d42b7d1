"""Tiles that are translated on their own, for a function whose operations are not known.

Neighbouring tiles overlap. If the halo is known, each gives the pixels that nothing outside of it
changes; else they are blended, and the result depends on the tiles.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from translate.engine.tiling.regions import Region, Span
from translate.engine.tiling.store import Kept, Readable
from translate.errors import ConfigError

OVERLAP = 4
"""The part of a tile's side that two neighbours share if they are blended: a fourth."""


class Window(NamedTuple):
    """A part of a side, and what its pixels count for."""

    span: Span
    weights: Tensor
    """one for each pixel; those of all windows at a pixel have the sum 1"""


def windows(side: int, tile: int, *, multiple_of: int = 1, halo: int | None = None) -> list[Window]:
    """Return the windows that cover a side.

    Args:
        side: length in pixels, a multiple of `multiple_of`.
        tile: length of each window, or of the whole side if that is shorter.
        multiple_of: what lengths and starts divide by.
        halo: how many pixels at the ends of a window are not used, unless they are those of the
            side; None: neighbours are blended linearly.

    Raises:
        ConfigError: the tile is not larger than two halos.
    """
    length = min(side, tile + -tile % multiple_of)
    shared = max(length // OVERLAP, 1) if halo is None else 2 * halo
    if length < side and length - shared < multiple_of:
        least = multiple_of + (1 if halo is None else shared)
        why = (
            f"neighbouring tiles overlap, and sides divide by {multiple_of}"
            if halo is None
            else f"each output depends on {halo} pixels on each side"
        )
        raise ConfigError(
            f"tile: {tile} pixels are too few, as {why}: expected {least + -least % multiple_of} "
            "at least."
        )
    step = max(multiple_of, (length - shared) // multiple_of * multiple_of)
    starts = [*range(0, side - length, step), side - length]
    raw = []
    for start in starts:
        places = torch.arange(start, start + length, dtype=torch.float64)
        before = places - start + 0.5 if start else torch.full_like(places, torch.inf)
        after = start + length - places - 0.5
        after = after if start + length < side else torch.full_like(places, torch.inf)
        raw.append(torch.minimum(before, after).clamp(max=max(shared, 1)))
    return _normalized(starts, raw, side, hard=halo is not None)


def _normalized(starts: list[int], raw: list[Tensor], side: int, *, hard: bool) -> list[Window]:
    """Return windows with weights of the sum 1; `hard`: the largest becomes 1, the others 0."""
    total = torch.zeros(side, dtype=torch.float64)
    best = torch.full((side,), -1.0, dtype=torch.float64)
    owner = torch.full((side,), -1)
    for index, (start, weights) in enumerate(zip(starts, raw, strict=True)):
        part = slice(start, start + len(weights))
        total[part] += weights
        owner[part] = torch.where(weights > best[part], index, owner[part])
        best[part] = torch.maximum(weights, best[part])
    result = []
    for index, (start, weights) in enumerate(zip(starts, raw, strict=True)):
        part = slice(start, start + len(weights))
        shares = (owner[part] == index).double() if hard else weights / total[part]
        result.append(Window(Span(start, start + len(weights)), shares))
    return result


def translate_windows(
    translate: Callable[[Tensor, Region], Tensor],
    source: Readable,
    rows: list[Window],
    columns: list[Window],
    output: Kept,
    scale: int,
) -> Iterator[int]:
    """Add up the translations of all windows in `output`, which is zero; yield after each.

    Args:
        translate: returns the translation of a window, `scale` times as large, and gets its place.
        source: the image.
        rows: windows of its height.
        columns: windows of its width.
        output: room for the result.
        scale: how many times longer its sides are.
    """
    number = 0
    for row in rows:
        for column in columns:
            region = Region(row.span, column.span)
            made = translate(source.read(region), region)
            down, across = (
                each.weights.repeat_interleave(scale).to(made) for each in (row, column)
            )
            place = region.map(lambda _, span: Span(span.start * scale, span.stop * scale))
            output.write(place, output.read(place).to(made) + made * down[:, None] * across)
            number += 1
            yield number
