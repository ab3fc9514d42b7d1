"""Runs of tiny untrained networks with images of their own to be evaluated on."""

from pathlib import Path

import numpy as np
import pytest
import small_checkpoints
from PIL import Image


def write_images(folder: Path, count: int, *, seed: int, side: int = 24, mode: str = "RGB") -> None:
    """Write smooth random images; equal seeds give equal ones."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        shape = (3, 3, 3) if mode == "RGB" else (3, 3)
        small = Image.fromarray(random.integers(0, 256, shape, np.uint8))
        small.resize((side, side), Image.Resampling.BICUBIC).save(folder / f"{number:04}.png")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Return a root with the domains a and b, paired in training and test."""
    root = tmp_path / "photos"
    for place, (domain, split, count) in enumerate(
        [("a", "train", 6), ("b", "train", 6), ("a", "test", 5), ("b", "test", 5)]
    ):
        write_images(root / domain / split, count, seed=place)
    return root


@pytest.fixture
def paired_run(tmp_path: Path, photos: Path) -> Path:
    """Return a pix2pix run on paired images of 32x32."""
    data = {"root": str(photos), "layout": "paired"}
    return small_checkpoints.pix2pix(tmp_path / "paired", domains=("a", "b"), data=data)


@pytest.fixture
def unpaired_run(tmp_path: Path, photos: Path) -> Path:
    """Return a CycleGAN run on unpaired images of 16x16."""
    data = {"root": str(photos)}
    return small_checkpoints.cyclegan(tmp_path / "cycle", domains=("a", "b"), size=16, data=data)


@pytest.fixture
def class_run(tmp_path: Path) -> Path:
    """Return a conditional GAN run on gray images of 8x8 in three classes."""
    root = tmp_path / "classes"
    for place, name in enumerate(("zero", "one", "two")):
        for split, count in (("train", 4), ("test", 3)):
            write_images(root / "digits" / split / name, count, seed=place, side=8, mode="L")
    data = {"root": str(root), "layout": "labelled", "channels": 1}
    return small_checkpoints.cgan(tmp_path / "cgan", data=data)
