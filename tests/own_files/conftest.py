"""A run of two steps, for each test to damage."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import small_runs
from PIL import Image


@pytest.fixture(scope="session")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with images and a run of two steps, for tests to copy."""
    root = tmp_path_factory.mktemp("straight")
    for domain, shade in (("a", 40), ("b", 200)):
        (root / domain).mkdir()
        for number in range(2):
            pixels = np.full((16, 16, 3), shade + number, np.uint8)
            Image.fromarray(pixels).save(root / domain / f"{number}.png")
    intervals = {"train__log_every": 1, "train__save_every": 1}
    small_runs.train(small_runs.config(root, train__steps=2, **intervals), root / "run")
    yield root


@pytest.fixture
def run(straight: Path, tmp_path: Path) -> Path:
    """Return a copy of the run."""
    return shutil.copytree(straight / "run", tmp_path / "run")
