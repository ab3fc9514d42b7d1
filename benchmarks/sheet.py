"""Write a contact sheet: a row for each image, a column for each folder.

python benchmarks/sheet.py SHEET FOLDER [FOLDER ...]
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from translate.folders.listing import find_images
from translate.images.encode import write_image
from translate.images.source import read_image

ROWS, SIDE, GAP = 8, 192, 6


def main(sheet: Path, *folders: Path) -> None:
    """Write the first images that all `folders` have as `sheet`."""
    columns = [{path.stem: path for path in find_images(folder)} for folder in folders]
    common = sorted(set.intersection(*(set(column) for column in columns)))
    rows = [np.hstack([tile(column[name]) for column in columns]) for name in common[:ROWS]]
    write_image(sheet, np.vstack(rows))


def tile(path: Path) -> np.ndarray:
    """Return one image on a white square."""
    pixels = read_image(path)
    enlarge = min(pixels.shape[:2]) < SIDE
    interpolation = cv2.INTER_NEAREST if enlarge else cv2.INTER_AREA
    square = np.full((SIDE + GAP, SIDE + GAP, 3), 255, np.uint8)
    square[:SIDE, :SIDE] = cv2.resize(pixels, (SIDE, SIDE), interpolation=interpolation)
    return square


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
