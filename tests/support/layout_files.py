"""Images of one level for layouts, and the pairs that a layout finds."""

from pathlib import Path
from typing import Any

import numpy as np

from translate.images.encode import write_image


def write_uniform(path: Path, level: int = 0, *, size: tuple[int, int] = (8, 8)) -> Path:
    """Write an RGB image with `level` at each pixel."""
    write_image(path, np.full((*size, 3), level, np.uint8))
    return path


def relative_pairs(layout: Any, folder: Path) -> list[list[str]]:
    """Return the paths of each pair, relative to `folder`."""
    return [[path.relative_to(folder).as_posix() for path in pair] for pair in layout.pairs]
