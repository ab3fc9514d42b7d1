"""A folder of images of many kinds for tests of inference."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def mixed_folder(tmp_path: Path) -> Path:
    """Return a folder of images of many sizes, kinds and formats, none of them white."""
    random, root = np.random.default_rng(0), tmp_path / "in"
    for name, shape in {
        "a.png": (5, 9, 3), "b.png": (9, 5, 3), "c.png": (5, 9, 3), "deep/d.webp": (1, 1, 3),
        "deep/e.bmp": (5, 9, 3), "deep/er/f.tif": (7, 7), "deep/er/g.ppm": (2, 3, 3),
        "h.gif": (4, 4), "i.jpg": (16, 16, 3),
    }.items():  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 200, shape, np.uint8)).save(root / name)
    return root
