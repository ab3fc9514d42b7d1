"""Translate overlapping tiles one by one, where the operators of a function are not known.

If the halo is known, only pixels of a tile that do not depend on others are used; else neighbouring
tiles are blended, and the result depends on the tile size.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from translate.engine.tiling.store import Readable, StoredValue
from translate.engine.traced.regions import Region, Span
from translate.errors import ConfigError

OVERLAP = 4
"""Blended tiles overlap by this fraction of their side: one fourth."""


class WeightedSpan(NamedTuple):
    """The rows or columns of a tile, and their weights in the blended image."""

    span: Span
    weights: Tensor
    """one for each row or column; the weights of all tiles sum to 1"""


def overlapping_spans(
    side: int, tile: int, *, multiple_of: int = 1, halo: int | None = None
) -> list[WeightedSpan]:
    """Return the overlapping spans of tiles that cover a side of an image.

    Args:
        side: length in pixels, a multiple of `multiple_of`.
        tile: length of each span, or of the whole side if that is shorter.
        multiple_of: a divisor of all lengths and starts.
        halo: number of pixels at the ends of a span that are not used, except at the border of the
            image; None: neighbours are blended linearly.

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


def _normalized(
    starts: list[int], raw: list[Tensor], side: int, *, hard: bool
) -> list[WeightedSpan]:
    """Return spans with weights that sum to 1; `hard`: the largest becomes 1, the others 0."""
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
        result.append(WeightedSpan(Span(start, start + len(weights)), shares))
    return result


def translate_tiles(
    translate: Callable[[Tensor, Region], Tensor],
    source: Readable,
    rows: list[WeightedSpan],
    columns: list[WeightedSpan],
    output: StoredValue,
    scale: int,
) -> Iterator[int]:
    """Add the weighted translations of all tiles to `output`, which is zero; yield after each.

    Args:
        translate: returns the translation, `scale` times as large, of a tile and its region.
        source: the image.
        rows: spans of its height.
        columns: spans of its width.
        output: where translations are added.
        scale: how many times longer its sides are.
    """
    number = 0
    for row in rows:
        for column in columns:
            region = Region(row.span, column.span)
            translated = translate(source.read(region), region)
            down, across = (
                each.weights.repeat_interleave(scale).to(translated) for each in (row, column)
            )
            place = region.map(lambda _, span: Span(span.start * scale, span.stop * scale))
            output.write(
                place, output.read(place).to(translated) + translated * down[:, None] * across
            )
            number += 1
            yield number
