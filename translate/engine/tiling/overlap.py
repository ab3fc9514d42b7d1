"""Translation of overlapping tiles, for recipes with a `translate` that cannot be traced.

If the network declares its halo, the radius of its receptive field, pixels of a tile that depend on
pixels outside the tile are not used. Otherwise neighbouring tiles are blended, and the result
depends on the tile size.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from translate.engine.tiling.store import Readable, StoredValue
from translate.engine.traced.regions import Region, Span
from translate.errors import ConfigError

OVERLAP_DIVISOR = 4
"""the overlap of blended tiles is their side divided by this number"""


class WeightedSpan(NamedTuple):
    """The rows or columns of a tile, and their weights in the blended image."""

    span: Span
    weights: Tensor
    """one for each row or column; at each position, the weights of all spans sum to 1"""


def overlapping_spans(
    side: int, tile: int, *, multiple_of: int = 1, halo: int | None = None
) -> list[WeightedSpan]:
    """Return the overlapping spans of tiles that cover a side of an image.

    Args:
        side: length in pixels, a multiple of `multiple_of`.
        tile: length of a span, rounded up to `multiple_of`; shorter if the side is.
        multiple_of: divisor of all lengths and starts.
        halo: number of pixels at each end of a span that are not used, except at the border of the
            image; None: neighbouring spans are blended linearly.

    Raises:
        ConfigError: the tile is too small to overlap its neighbours, or not larger than two halos.
    """
    length = min(side, tile + -tile % multiple_of)
    overlap = max(length // OVERLAP_DIVISOR, 1) if halo is None else 2 * halo
    if length < side and length - overlap < multiple_of:
        least = multiple_of + (1 if halo is None else overlap)
        reason = (
            f"neighbouring tiles overlap, and their sides are multiples of {multiple_of}"
            if halo is None
            else f"each output pixel depends on {halo} pixels on each side"
        )
        raise ConfigError(
            f"tile: {tile} pixels are too few, since {reason}: expected at least "
            f"{least + -least % multiple_of}."
        )
    step = max(multiple_of, (length - overlap) // multiple_of * multiple_of)
    starts = [*range(0, side - length, step), side - length]
    distances = []
    for start in starts:
        positions = torch.arange(start, start + length, dtype=torch.float64)
        to_start = positions - start + 0.5 if start else torch.full_like(positions, torch.inf)
        to_stop = start + length - positions - 0.5
        to_stop = to_stop if start + length < side else torch.full_like(positions, torch.inf)
        distances.append(torch.minimum(to_start, to_stop).clamp(max=max(overlap, 1)))
    return _weighted_spans(starts, distances, side, blend=halo is None)


def _weighted_spans(
    starts: list[int], distances: list[Tensor], side: int, *, blend: bool
) -> list[WeightedSpan]:
    """Return spans with weights that sum to 1 at each position.

    `distances` has for each span the distance of its pixels to the nearest end inside the image, at
    most the overlap. With `blend`,
    weights are proportional to the distances; without, only the span with the largest distance has
    a weight, which is 1.
    """
    total = torch.zeros(side, dtype=torch.float64)
    largest = torch.full((side,), -1.0, dtype=torch.float64)
    owner = torch.full((side,), -1)
    for index, (start, distance) in enumerate(zip(starts, distances, strict=True)):
        part = slice(start, start + len(distance))
        total[part] += distance
        owner[part] = torch.where(distance > largest[part], index, owner[part])
        largest[part] = torch.maximum(distance, largest[part])
    result = []
    for index, (start, distance) in enumerate(zip(starts, distances, strict=True)):
        part = slice(start, start + len(distance))
        weights = distance / total[part] if blend else (owner[part] == index).double()
        result.append(WeightedSpan(Span(start, start + len(distance)), weights))
    return result


def translate_tiles(
    translate: Callable[[Tensor, Region], Tensor],
    source: Readable,
    rows: list[WeightedSpan],
    columns: list[WeightedSpan],
    output: StoredValue,
    scale: int,
) -> Iterator[int]:
    """Add the weighted translations of all tiles to `output`; yield the number of finished tiles.

    `translate` takes a tile and its region in the image, and returns the translation, `scale` times
    as large. `rows` and `columns` are the spans of the image's height and width. At first, `output`
    is zero.
    """
    number = 0
    for row in rows:
        for column in columns:
            region = Region(row.span, column.span)
            translated = translate(source.read(region), region)
            row_weights = row.weights.repeat_interleave(scale).to(translated)[:, None]
            column_weights = column.weights.repeat_interleave(scale).to(translated)
            weighted = translated * row_weights * column_weights
            output_region = region.map(lambda _, span: Span(span.start * scale, span.stop * scale))
            output.write(output_region, output.read(output_region).to(translated) + weighted)
            number += 1
            yield number
