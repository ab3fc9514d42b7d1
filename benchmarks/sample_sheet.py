"""Sheets of small images, enlarged.

python benchmarks/sample_sheet.py SHEET NAME=FOLDER [NAME=FOLDER ...]     a named row of each folder
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from digit_metrics import SHEETS, Images
from PIL import Image

from translate.folders import listing
from translate.images.domains.levels import scale_dtype
from translate.images.encode import write_image
from translate.images.source import read_image

GAP, ZOOM = 2, 2
PER_ROW = 12
"""Images of a folder, evenly spaced."""
MARGIN = 64
"""Pixels on the left for a name, before enlargement."""


def main(sheet: Path, *named: str) -> None:
    """Write some images of each folder as `sheet`, a row each."""
    folders = [name.partition("=") for name in named]
    rows = [_row(evenly_spaced(Path(folder))) for _, _, folder in folders]
    width = max(row.shape[1] for row in rows)
    large = _enlarge(np.vstack([_pad(row, width, MARGIN) for row in rows]))
    ends = np.cumsum([row.shape[0] + GAP for row in rows]) * ZOOM
    for (name, _, _), row, end in zip(folders, rows, ends, strict=True):
        at = (GAP, int(end) - ZOOM * row.shape[0] // 2)
        cv2.putText(large, name, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    Image.fromarray(large).save(sheet, optimize=True)  # a third smaller than write_image has it


def evenly_spaced(folder: Path) -> Images:
    """Return some of the images below `folder`, (N, H, W, 3)."""
    paths = [path for path in listing.find_images(folder) if path.stem not in SHEETS]
    indices = np.linspace(0, len(paths) - 1, min(PER_ROW, len(paths))).round().astype(int)
    return np.stack([scale_dtype(read_image(paths[i]), "uint8") for i in indices])


def write(path: Path, rows: Sequence[Images], sheets: Sequence[Path] = ()) -> None:
    """Write a sheet: `rows` of (N, H, W) or (N, H, W, 3) uint8, and whole `sheets` below them."""
    blocks = [*map(_row, rows), *(read_image(sheet) for sheet in sheets)]
    width = max(block.shape[1] for block in blocks)
    write_image(path, _enlarge(np.vstack([_pad(block, width) for block in blocks])))


def square(images: Images, side: int = 8) -> list[Images]:
    """Return the first `side` rows of `side` images."""
    return [images[i : i + side] for i in range(0, min(len(images), side * side), side)]


def _row(images: Images) -> Images:
    colour = images if images.ndim == 4 else images[..., None].repeat(3, -1)
    return np.hstack([np.pad(p, ((0, 0), (0, GAP), (0, 0)), constant_values=255) for p in colour])


def _pad(block: Images, width: int, left: int = 0) -> Images:
    right = width - block.shape[1]
    return np.pad(block, ((0, GAP), (left, right), (0, 0)), constant_values=255)


def _enlarge(sheet: Images) -> Images:
    return sheet.repeat(ZOOM, 0).repeat(ZOOM, 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
