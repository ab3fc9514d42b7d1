"""Marks for drawn digits, from what a judge says of them: C, H, P and FD.

C counts the classes that have at least 1 % of the pictures; H is the entropy of the judged classes
in nats, 2.303 at most; P is the mean confidence. FD is the Fréchet distance (Heusel et al., 2017)
to the 10,000 test pictures in the judge's 128 features, divided by that of 2,000 pixel averages of
two training pictures each, so that it hardly depends on the judge: 0 is real, 1 is a double
exposure. The four belong together: ten fixed digits repeated pass the first three.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import mnist
import numpy as np
from judge import Judge, Verdict, judge_of
from numpy.typing import NDArray

from translate.folders import listing
from translate.images.decode import read_image
from translate.images.tensors import to_uint8

Pictures = NDArray[np.uint8]
SIDE = 28
COUNT = 2000
"""pictures that a mark is given for"""
SHEETS = ("grid", "walk")
"""what `translate sample` may write beside its pictures"""
SHARE = 0.01
"""of the pictures; a class with less is not drawn"""


class Marks(NamedTuple):
    """What is said of a recipe's digits."""

    classes: int
    entropy: float
    """nats"""
    confidence: float
    distance: float
    """share of that of double exposures"""

    def row(self, name: str) -> dict[str, Any]:
        """Return one line of the table."""
        return {
            "pictures": name,
            "C": self.classes,
            "H": f"{self.entropy:.3f}",
            "P": f"{self.confidence:.3f}",
            "FD": f"{self.distance:.3f}",
        }


class Gaussian(NamedTuple):
    """Mean and covariance of some features."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]


class Bench:
    """The judge with the test pictures in its eyes: gives marks."""

    def __init__(self, data: Path, seed: int = 0) -> None:
        self.train, self.test = (mnist.read(data, split) for split in ("train", "test"))
        self.judge: Judge = judge_of(data, seed)
        self.real = gaussian(self.judge.look(self.test[0]).features)
        self.unit = frechet(gaussian(self.judge.look(averages(self.train[0])).features), self.real)

    def mark(self, pictures: Pictures) -> Marks:
        """Return the marks of (N, 28, 28) bytes."""
        return self.of(self.judge.look(pictures))

    def of(self, verdict: Verdict) -> Marks:
        """Return the marks of what was judged."""
        return Marks(
            classes(verdict.digits),
            entropy(verdict.digits),
            float(verdict.confidence.mean()),
            frechet(gaussian(verdict.features), self.real) / self.unit,
        )

    def baselines(self) -> dict[str, Marks]:
        """Return what is to be beaten, and what cannot be."""
        return {name: self.mark(drawn) for name, drawn in baselines(*self.train).items()}


def classes(digits: NDArray[Any]) -> int:
    """Return how many classes have their share."""
    return int((np.bincount(digits, minlength=10) >= SHARE * len(digits)).sum())


def entropy(digits: NDArray[Any]) -> float:
    """Return the entropy of the classes, in nats."""
    shares = np.bincount(digits) / len(digits)
    shares = shares[shares > 0]
    return float((shares * np.log(1 / shares)).sum())


def purity(codes: NDArray[Any], digits: NDArray[Any]) -> tuple[float, int]:
    """Return the share of each code's most frequent digit, their mean, and how many these are."""
    found = [np.bincount(digits[codes == code], minlength=10) for code in np.unique(codes)]
    share = float(np.mean([counts.max() / counts.sum() for counts in found]))
    return share, len({int(counts.argmax()) for counts in found})


def gaussian(features: NDArray[np.float64]) -> Gaussian:
    """Return the Gaussian of (N, D) features."""
    return Gaussian(features.mean(0), np.cov(features, rowvar=False))


def frechet(first: Gaussian, second: Gaussian) -> float:
    """Return the squared Fréchet distance of two Gaussians (Dowson and Landau, 1982).

    The trace of the root of a product of covariances is the sum of the roots of the eigenvalues of
    A^½ B A^½, which is symmetric.
    """
    values, vectors = np.linalg.eigh(first.covariance)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    common = np.sqrt(np.linalg.eigvalsh(root @ second.covariance @ root).clip(0)).sum()
    apart = np.square(first.mean - second.mean).sum()
    return float(apart + np.trace(first.covariance) + np.trace(second.covariance) - 2 * common)


def averages(pictures: Pictures) -> Pictures:
    """Return double exposures: pixel averages of two pictures, drawn at random."""
    chosen = np.random.default_rng(0).choice(len(pictures), (2, COUNT))
    return np.rint(pictures[chosen].mean(0)).astype(np.uint8)


def baselines(pictures: Pictures, digits: NDArray[np.uint8]) -> dict[str, Pictures]:
    """Return 2,000 pictures each of generators that are real, collapsed, or know nothing."""
    random = np.random.default_rng(1)
    some = pictures[random.choice(len(pictures), COUNT, replace=False)]
    ten = np.stack([pictures[digits == digit][0] for digit in range(10)])
    three = pictures[digits < 3][:COUNT]
    mean = np.rint(pictures.mean(0)).astype(np.uint8)
    return {
        "real training digits": some,
        "ten training digits repeated": np.resize(ten, (COUNT, SIDE, SIDE)),
        "only 0, 1 and 2": three,
        "double exposures": averages(pictures),
        "noise": random.integers(0, 256, (COUNT, SIDE, SIDE), dtype=np.uint8),
        "the mean digit": np.resize(mean, (COUNT, SIDE, SIDE)),
    }


def read(folder: Path) -> Pictures:
    """Return the digits below `folder`, in order: gray, without what was padded to 32 pixels."""
    pictures = np.stack(list(_each(folder, channels=1)))
    height, width = pictures.shape[1:3]
    if (height, width) not in ((SIDE, SIDE), (32, 32)):
        raise SystemExit(f"{folder}: digits of {width}x{height} are neither 28x28 nor padded.")
    return pictures[:, :SIDE, :SIDE, 0]


def read_colour(folder: Path) -> Pictures:
    """Return the pictures below `folder`, in order, (N, H, W, 3)."""
    return np.stack(list(_each(folder, channels=3)))


def _each(folder: Path, channels: int) -> Iterator[Pictures]:
    found = [path for path in listing.find_images(folder) if path.stem not in SHEETS]
    if not found:
        raise SystemExit(f"{folder}: holds no pictures.")
    for path in found:
        yield to_uint8(read_image(path, channels=channels))
