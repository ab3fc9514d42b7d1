"""MNIST as it was published: four idx files, gzipped or not, below ``DATA/mnist``."""

import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from translate.images.encode import write_image

NAMES = {"train": "train", "test": "t10k"}


def read(data: Path, split: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the images (N, 28, 28) of a split, "train" or "test", and their digits (N,)."""
    name = NAMES[split]
    return tuple(
        _idx(_bytes(data / "mnist" / f"{name}-{part}-ubyte"))
        for part in ("images-idx3", "labels-idx1")
    )


def write(images: NDArray[np.uint8], folder: Path) -> None:
    """Write `images` as gray PNG files, numbered from 1."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, pixels in enumerate(images, 1):
        write_image(folder / f"{number:05}.png", pixels[..., None])


def _bytes(path: Path) -> bytes:
    compressed = path.with_name(f"{path.name}.gz")
    if compressed.exists():
        return gzip.decompress(compressed.read_bytes())
    if path.exists():
        return path.read_bytes()
    raise SystemExit(f"{compressed} is missing: --data must name the folder that holds mnist/.")


def _idx(data: bytes) -> NDArray[np.uint8]:
    """Return the array of an idx file: two zeros, 8 for bytes, the dimensions, the values."""
    dimensions = data[3]
    shape = np.frombuffer(data, ">i4", dimensions, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(shape).copy()
