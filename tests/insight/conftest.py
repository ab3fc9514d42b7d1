"""A finished run of a tiny CycleGAN, with a log and previews."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import small_runs
from PIL import Image


@pytest.fixture(scope="session")
def trained_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train 10 steps, once for all tests."""
    root, random = tmp_path_factory.mktemp("small_run"), np.random.default_rng(0)
    for domain in "ab":
        (root / domain).mkdir()
        for number in range(3):
            pixels = random.integers(0, 256, (32, 32, 3), np.uint8)
            Image.fromarray(pixels).save(root / domain / f"{number}.png")
    flags = {"log_every": 1, "preview_every": 2, "steps": 10}
    config = small_runs.config(root, **{f"train__{k}": v for k, v in flags.items()})
    small_runs.train(config, root / "run")
    return root / "run"


@pytest.fixture
def small_run(trained_run: Path, tmp_path: Path) -> Path:
    """Return a copy of the run, in the folder ``run`` of the test."""
    return Path(shutil.copytree(trained_run, tmp_path / "run"))
