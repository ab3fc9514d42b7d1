"""Folders of images and generative models for tests of inference."""

from pathlib import Path

import numpy as np
import pytest
import small_checkpoints
from PIL import Image

from translate.engine.inference import model
from translate.engine.inference.model import Model


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


@pytest.fixture(scope="module")
def gan_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return model.load(small_checkpoints.gan(tmp_path_factory.mktemp("gan")), device="cpu")[0]


@pytest.fixture(scope="module")
def cgan_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return model.load(small_checkpoints.cgan(tmp_path_factory.mktemp("cgan")), device="cpu")[0]
