"""Contact sheets of small pictures, enlarged."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from marks import Pictures

from translate import images

GAP, ZOOM = 2, 2


def write(path: Path, rows: Sequence[Pictures], below: Sequence[Path] = ()) -> None:
    """Write a sheet: `rows` of (N, H, W) or (N, H, W, 3) bytes, and whole sheets below them."""
    blocks = [*map(_row, rows), *(images.read(sheet) for sheet in below)]
    width = max(block.shape[1] for block in blocks)
    sheet = np.vstack([_wide(block, width) for block in blocks])
    images.write(path, sheet.repeat(ZOOM, 0).repeat(ZOOM, 1))


def square(pictures: Pictures, side: int = 8) -> list[Pictures]:
    """Return the first `side` rows of `side` pictures."""
    return [pictures[i : i + side] for i in range(0, min(len(pictures), side * side), side)]


def _row(pictures: Pictures) -> Pictures:
    colour = pictures if pictures.ndim == 4 else pictures[..., None].repeat(3, -1)
    return np.hstack([np.pad(p, ((0, 0), (0, GAP), (0, 0)), constant_values=255) for p in colour])


def _wide(block: Pictures, width: int) -> Pictures:
    beside = width - block.shape[1]
    return np.pad(block, ((0, GAP), (0, beside), (0, 0)), constant_values=255)
