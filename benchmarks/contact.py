"""Contact sheets of small pictures, enlarged.

python benchmarks/contact.py SHEET NAME=FOLDER [NAME=FOLDER ...]     a row of some of each, named
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from marks import SHEETS, Pictures
from PIL import Image

from translate.folders import listing
from translate.images.decode import read_image
from translate.images.encode import write_image
from translate.images.tensors import to_uint8

GAP, ZOOM = 2, 2
SOME = 12
"""pictures of a folder, evenly spaced"""
MARGIN = 64
"""pixels on the left for a name, enlarged as the pictures are"""


def main(sheet: Path, *named: str) -> None:
    """Write some pictures of each folder as `sheet`, a row each."""
    folders = [name.partition("=") for name in named]
    rows = [_row(spread(Path(folder))) for _, _, folder in folders]
    width = max(row.shape[1] for row in rows)
    large = _enlarged(np.vstack([_wide(row, width, MARGIN) for row in rows]))
    ends = np.cumsum([row.shape[0] + GAP for row in rows]) * ZOOM
    for (name, _, _), row, end in zip(folders, rows, ends, strict=True):
        at = (GAP, int(end) - ZOOM * row.shape[0] // 2)
        cv2.putText(large, name, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    Image.fromarray(large).save(sheet, optimize=True)  # a third smaller than images.write has it


def spread(folder: Path) -> Pictures:
    """Return some of the pictures below `folder`, (N, H, W, 3)."""
    found = [path for path in listing.find_images(folder) if path.stem not in SHEETS]
    chosen = np.linspace(0, len(found) - 1, min(SOME, len(found))).round().astype(int)
    return np.stack([to_uint8(read_image(found[i])) for i in chosen])


def write(path: Path, rows: Sequence[Pictures], below: Sequence[Path] = ()) -> None:
    """Write a sheet: `rows` of (N, H, W) or (N, H, W, 3) bytes, and whole sheets below them."""
    blocks = [*map(_row, rows), *(read_image(sheet) for sheet in below)]
    width = max(block.shape[1] for block in blocks)
    write_image(path, _enlarged(np.vstack([_wide(block, width) for block in blocks])))


def square(pictures: Pictures, side: int = 8) -> list[Pictures]:
    """Return the first `side` rows of `side` pictures."""
    return [pictures[i : i + side] for i in range(0, min(len(pictures), side * side), side)]


def _row(pictures: Pictures) -> Pictures:
    colour = pictures if pictures.ndim == 4 else pictures[..., None].repeat(3, -1)
    return np.hstack([np.pad(p, ((0, 0), (0, GAP), (0, 0)), constant_values=255) for p in colour])


def _wide(block: Pictures, width: int, before: int = 0) -> Pictures:
    beside = width - block.shape[1]
    return np.pad(block, ((0, GAP), (before, beside), (0, 0)), constant_values=255)


def _enlarged(sheet: Pictures) -> Pictures:
    return sheet.repeat(ZOOM, 0).repeat(ZOOM, 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
