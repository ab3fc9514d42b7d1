"""Find near-duplicates across splits, which make results look better than they are.

Near-duplicates are, for example, one image in two formats or sizes: at most `MAX_BITS` bits of
their perceptual hashes differ (pHash: 256 bits of a DCT). The hash of a nearly constant image is
noise: such images are not compared.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from translate.batches import Layout
from translate.engine.config.schema import Data
from translate.engine.data.check import CheckedData, open_layout
from translate.engine.loading.order import spread
from translate.engine.processes.pool import DaemonThreadPool
from translate.errors import BadImage, ConfigError, DataError
from translate.images.files.tar_files import file_size

HASH_SIDE = 16
"""side of the square of DCT coefficients, each of which gives one bit"""
MAX_BITS = 12
"""largest number of different bits in the hashes of near-duplicates"""
MIN_DEVIATION = 4.0
"""standard deviation, of 255 levels, below which an image is nearly constant"""
LIMIT, LIMIT_BYTES = 5000, 256 << 20
"""largest number and total file size of the images that are hashed: a larger split is sampled"""
THREADS = 8
"""number of threads that read images"""

TEST = "test"

ReadPixels = Callable[[Path], NDArray[Any]]


class NearDuplicate(NamedTuple):
    """Two images that are nearly equal."""

    path: Path
    other: Path
    bits: int
    """number of bits, of 256, in which their hashes differ"""


class Hashes(NamedTuple):
    """The perceptual hashes of some images."""

    paths: Sequence[Path]
    bits: NDArray[np.uint64]
    """256 bits of each image, (N, 4)"""
    sample: str = ""
    """a clause for messages if only a sample of the images was hashed; else empty"""


def split_warnings(dataset: CheckedData, data: Data) -> list[str]:
    """Return a line for each split that has near-duplicates of images that are trained on."""
    other_splits = {"validation": dataset.validation} if dataset.validation else {}
    if data.split != TEST and (test_layout := _open_test(data)):
        other_splits[TEST] = CheckedData(test_layout, dataset.augment, [], [])
    training_hashes, lines = None, []
    for name, other in other_splits.items():
        files = sorted({*other.layout.files} - {*dataset.layout.files})
        if not files or not dataset.layout.files:
            continue
        training_hashes = training_hashes or hash_images(dataset.layout.files, dataset.augment.read)
        hashes = hash_images(files, other.augment.read)
        if pairs := find_near_duplicates(hashes, training_hashes):
            first, count = pairs[0], len({pair.path for pair in pairs})
            sample = "; ".join(filter(None, (training_hashes.sample, hashes.sample)))
            lines.append(
                f"{name}: {count} of {len(hashes.paths)} images are nearly images that are "
                f"trained on, such as {first.path} and {first.other} ({first.bits} of 256 bits "
                f"differ{f'; {sample}' * bool(sample)}). Results on them are too good: "
                f"`translate datasets check {' '.join(data.domains)}` lists them"
            )
    return lines


def hash_images(files: Sequence[Path], read: ReadPixels) -> Hashes:
    """Return the hashes of `files`, or of a sample; `read` returns the pixels of a file."""
    limit = _limit(files)
    sampled = spread(files, limit)
    with DaemonThreadPool(THREADS) as pool:
        hashes = list(pool.map(partial(_hash, read=read), sampled))
    sample = f"a sample of {limit} of {len(files)} images" if limit < len(files) else ""
    return stack(zip(sampled, hashes, strict=True))._replace(sample=sample)


def stack(hashes: Iterable[tuple[Path, NDArray[np.uint64] | None]]) -> Hashes:
    """Return the hashes of images as one array, without images that have none."""
    valid_hashes = [(path, bits) for path, bits in hashes if bits is not None]
    rows = np.array([bits for _, bits in valid_hashes], np.uint64).reshape(-1, HASH_SIDE**2 // 64)
    return Hashes([path for path, _ in valid_hashes], rows)


def find_near_duplicates(one: Hashes, other: Hashes) -> list[NearDuplicate]:
    """Return the pairs of an image of `one` and an image of `other`, the most similar first."""
    pairs = []
    for path, bits in zip(one.paths, one.bits, strict=True):
        distances = np.bitwise_count(other.bits ^ bits).sum(1)
        for index in np.flatnonzero(distances <= MAX_BITS):
            pairs.append(NearDuplicate(path, other.paths[int(index)], int(distances[index])))
    return sorted(pairs, key=lambda pair: (pair.bits, pair.path, pair.other))


def _limit(files: Sequence[Path]) -> int:
    """Return how many of `files` are hashed: at most `LIMIT` files of about `LIMIT_BYTES` bytes."""
    size = sum(map(_bytes_of, files))
    return min(len(files), LIMIT, max(1, len(files) * LIMIT_BYTES // max(1, size)))


def _bytes_of(path: Path) -> int:
    try:
        return file_size(path)
    except OSError:
        return 0


def _open_test(data: Data) -> Layout | None:
    try:
        return open_layout(data.model_copy(update={"split": TEST}))
    except (DataError, ConfigError):
        return None  # there is no such split


def _hash(path: Path, read: ReadPixels) -> NDArray[np.uint64] | None:
    try:
        return hash_pixels(read(path))
    except BadImage:
        return None  # the check of the files reports it


def hash_pixels(pixels: NDArray[Any]) -> NDArray[np.uint64] | None:
    """Return the hash (4,) of an image (H, W, C), or None if the image is nearly constant.

    Pixels of other dtypes than uint8 are scaled from their smallest and largest value to 0 and 255.
    """
    import imagehash  # slow, and only this check needs it

    pixels = np.ascontiguousarray(pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., 0])
    small = cv2.resize(pixels, (4 * HASH_SIDE, 4 * HASH_SIDE), interpolation=cv2.INTER_AREA)
    if small.dtype != np.uint8:
        least, most = float(small.min()), float(small.max())
        small = ((small - least) * (255 / max(most - least, 1e-12))).astype(np.uint8)
    if small.std() < MIN_DEVIATION:
        return None
    bits = imagehash.phash(Image.fromarray(small).convert("L"), hash_size=HASH_SIDE).hash
    return np.packbits(bits).view(np.uint64)
