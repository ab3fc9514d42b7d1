"""The idx files of MNIST and similar data sets: ``train-images-idx3-ubyte.gz``.

An idx file has a big-endian header (two zeros, the type, the number of dimensions, the size of each
dimension), followed by the values. Only values of type uint8 are read.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from itertools import product
from math import prod
from pathlib import Path
from random import Random
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from translate.batches import Domain, Images, ImageSpec, Item, Labelled, Layout, Transform
from translate.errors import DataError, join_words
from translate.folders.listing import is_path
from translate.folders.lookup import expect_domains

PREFIXES = {"test": "t10k"}
"""prefixes of file names, by split, if other than the name of the split"""
GZIP_MAGIC = b"\x1f\x8b"
MAX_RATIO = 1032
"""largest compression ratio of gzip"""
CHUNK_BYTES = 1 << 20
"""number of bytes that are decompressed at once"""


class IdxFiles(Layout):
    """MNIST's idx files: gray images with their labels.

    All images are kept in one tensor, which worker processes share.
    """

    batch: type[Images | Labelled] = Labelled

    def __init__(
        self,
        root: Path,
        domains: Sequence[str],
        split: str,
        *,
        labels: Annotated[bool, "read the file of labels, too"] = True,
    ) -> None:
        expect_domains("idx", domains, 1)
        self.path = _find_images(root, domains[0], split)
        self.images = read(self.path, dimensions=3)
        self.labels: Tensor | None = None
        classes: tuple[str, ...] = ()
        self.sources = [self.path]
        if labels:
            label_file = _find_labels(self.path)
            self.sources.append(label_file)
            labels_of_file = _read_labels(label_file, self.path, self.images)
            values, self.labels = torch.unique(labels_of_file, return_inverse=True)
            classes = tuple(map(str, values.tolist()))
        self.spec = ImageSpec(
            domains=tuple(Domain(name, channels=1) for name in domains), classes=classes
        )
        self.files = []
        self.batch = Labelled if labels else Images

    def __len__(self) -> int:
        return len(self.images)

    def pick(self, index: int, random: Random) -> Item:  # noqa: ARG002
        """Return the file that contains all images; the key is the index of the image."""
        return Item((self.path,), index)

    def load(self, item: Item, transform: Transform) -> Images | Labelled:
        (image,) = transform(self.images[item.key].numpy()[..., None], roles=("source",))
        return Images(image) if self.labels is None else Labelled(image, self.labels[item.key])


def read(path: Path, dimensions: int) -> Tensor:
    """Return the values of an idx file, gzipped or not, as a uint8 tensor of its shape.

    No more bytes are decompressed than the header states. Raises `DataError` for damaged files and
    files of other formats.
    """
    try:
        with path.open("rb") as file:
            is_gzipped = file.read(2) == GZIP_MAGIC
        with gzip.open(path) if is_gzipped else path.open("rb") as file:
            shape = _parse_shape(path, file.read(4 + 4 * dimensions), dimensions)
            statement = f"its header states {' x '.join(map(str, shape))} bytes"
            if prod(shape) > MAX_RATIO * path.stat().st_size:
                raise DataError(f"{path}: {statement}, more than a file of its size can contain.")
            values = np.empty(shape, np.uint8)
            bytes_read, buffer = 0, values.data.cast("B")
            while count := file.readinto(buffer[bytes_read : bytes_read + CHUNK_BYTES]):
                bytes_read += count
            if bytes_read < len(buffer):
                raise DataError(f"{path}: truncated: {statement}, and {bytes_read} follow.")
            if file.read(1):
                raise DataError(f"{path}: {statement}, and more follow.")
    except EOFError as error:
        raise DataError(f"{path}: truncated: it ends in the middle of a gzip stream.") from error
    except (OSError, zlib.error, MemoryError) as error:
        raise DataError(f"{path}: {' '.join(str(error).split())}.") from error
    return torch.from_numpy(values)


def _parse_shape(path: Path, header: bytes, dimensions: int) -> tuple[int, ...]:
    """Return the shape that a header states; raises `DataError`."""
    magic = bytes((0, 0, 8, dimensions))
    if header[:4] != magic:
        kind = "images" if dimensions == 3 else "labels"
        raise DataError(
            f"{path}: not an idx file of {kind}: it begins with {header[:4].hex(' ')!r}, "
            f"expected {magic.hex(' ')!r}."
        )
    if len(header) != 4 + 4 * dimensions:
        raise DataError(f"{path}: truncated: {len(header)} bytes end in the middle of its header.")
    shape = tuple(np.frombuffer(header, ">u4", offset=4).tolist())
    if not prod(shape):
        raise DataError(f"{path}: empty: its header states {' x '.join(map(str, shape))} bytes.")
    return shape


def _find_labels(path: Path) -> Path:
    """Return the file of labels next to the file of images `path`; raises `DataError`."""
    prefix = path.name.partition("-images")[0]
    if label_file := _find(path.parent, prefix, "labels"):
        return label_file
    raise DataError(
        f"there is no {prefix}-labels-idx1-ubyte or {prefix}-labels-idx1-ubyte.gz next to {path}. "
        'To read images without labels: --set "data.layout={name: idx, labels: false}"'
    )


def _read_labels(label_file: Path, path: Path, images: Tensor) -> Tensor:
    labels = read(label_file, dimensions=1)
    if len(labels) != len(images):
        raise DataError(
            f"{path} has {len(images)} images, but {label_file} has {len(labels)} labels."
        )
    return labels


def _find_images(root: Path, domain: str, split: str) -> Path:
    prefix = PREFIXES.get(split, split)
    folders = [Path(domain)] if is_path(root, domain) else [root / domain, root]
    for folder in folders:
        if path := _find(folder, prefix, "images"):
            return path
    raise DataError(
        f"domain {domain!r}: there is no {prefix}-images-idx3-ubyte, with or without .gz, in "
        f"{join_words(folders)}."
    )


def _find(folder: Path, prefix: str, kind: str) -> Path | None:
    """Return the file of this `kind`, images or labels; None if there is none."""
    dimensions = {"images": 3, "labels": 1}[kind]
    for separator, suffix in product("-.", ("", ".gz")):
        path = folder / f"{prefix}-{kind}{separator}idx{dimensions}-ubyte{suffix}"
        if path.is_file():
            return path
    return None
