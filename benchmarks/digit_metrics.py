"""Metrics of generated digits: C, H, P and FD, from the predictions of a classifier.

C counts the classes that have at least 1 % of the images; H is the entropy of the predicted classes
in nats, 2.303 at most; P is the mean confidence. FD is the Fréchet distance (Heusel et al., 2017)
to the 10,000 test images in the classifier's 128 features, divided by that of 2,000 pixel averages
of two training images each, so that it hardly depends on the classifier: 0 is real, 1 is the
average of two digits. Only the four together are meaningful: ten fixed digits repeated pass the
first three.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import digit_classifier
import mnist
import numpy as np
import torch
from class_statistics import class_entropy, covered_classes
from digit_classifier import Predictions
from numpy.typing import NDArray

from translate.evaluate.baselines import mean_image
from translate.folders import listing
from translate.images.domains.levels import scale_dtype
from translate.images.source import read_image
from translate_plugins.metrics import distances

Images = NDArray[np.uint8]
SIDE = 28
COUNT = 2000
"""Images that the metrics are computed on."""
SHEETS = ("grid", "walk")
"""Files without suffix that `translate sample` may write next to its images."""


class DigitMetrics(NamedTuple):
    """The metrics of some generated digits."""

    classes: int
    """C: number of classes with at least 1 % of the images"""
    entropy: float
    """H: entropy of the predicted classes in nats"""
    confidence: float
    """P: mean probability of the predicted class"""
    distance: float
    """FD: Fréchet distance, as a fraction of the distance of pixel averages of two digits"""

    def by_name(self) -> dict[str, float]:
        """Return the metrics by their letters."""
        return dict(zip(("C", "H", "P", "FD"), self, strict=True))

    def row(self, name: str) -> dict[str, Any]:
        """Return one line of the table."""
        return {
            "images": name,
            "C": self.classes,
            "H": f"{self.entropy:.3f}",
            "P": f"{self.confidence:.3f}",
            "FD": f"{self.distance:.3f}",
        }


class DigitEvaluator:
    """Computes metrics of digits, with a classifier and its features of the test images."""

    def __init__(self, data: Path, seed: int = 0) -> None:
        self.train, self.test = (mnist.read(data, split) for split in ("train", "test"))
        self.classifier = digit_classifier.pretrained_classifier(data, seed)
        self.real = self.classifier.predict(self.test[0])
        averages = self.classifier.predict(average_pairs(self.train[0], COUNT))
        self.unit = frechet_distance(averages, self.real)

    def evaluate(self, images: Images) -> DigitMetrics:
        """Return the metrics of (N, 28, 28) uint8."""
        return self.summarize(self.classifier.predict(images))

    def summarize(self, predictions: Predictions) -> DigitMetrics:
        """Return the metrics of images with these predictions."""
        return DigitMetrics(
            covered_classes(predictions.digits),
            class_entropy(predictions.digits),
            float(predictions.confidence.mean()),
            frechet_distance(predictions, self.real) / self.unit,
        )

    def baselines(self) -> dict[str, DigitMetrics]:
        """Return the metrics of generators that are real, collapsed or random."""
        return {name: self.evaluate(images) for name, images in baselines(*self.train).items()}


def average_pairs(images: Images, count: int) -> Images:
    """Return `count` pixel averages of two images each, drawn from `images` (N, ...)."""
    chosen = np.random.default_rng(0).choice(len(images), (2, count))
    return np.rint(images[chosen].mean(0)).astype(np.uint8)


def frechet_distance(fake: Predictions, real: Predictions) -> float:
    """Return the squared Fréchet distance of the features, as `translate evaluate` computes it."""
    return distances.frechet_distance(
        *(torch.from_numpy(predictions.features).double() for predictions in (fake, real))
    )


def baselines(images: Images, digits: NDArray[np.uint8]) -> dict[str, Images]:
    """Return 2,000 images each of generators that are real, collapsed or random."""
    random = np.random.default_rng(1)
    real = images[random.choice(len(images), COUNT, replace=False)]
    one_of_each = np.stack([images[digits == digit][0] for digit in range(10)])
    return {
        "real training digits": real,
        "ten training digits repeated": np.resize(one_of_each, (COUNT, SIDE, SIDE)),
        "only 0, 1 and 2": images[digits < 3][:COUNT],
        "averages of two digits": average_pairs(images, COUNT),
        "noise": random.integers(0, 256, (COUNT, SIDE, SIDE), dtype=np.uint8),
        "the mean digit": np.resize(mean_image(images), (COUNT, SIDE, SIDE)),
    }


def read_digits(folder: Path) -> Images:
    """Return the digits below `folder`, in order: gray, without padding to 32 pixels."""
    images = np.stack(list(_read(folder, channels=1)))
    height, width = images.shape[1:3]
    if (height, width) not in ((SIDE, SIDE), (32, 32)):
        raise SystemExit(
            f"{folder}: expected digits of 28x28 or 32x32 pixels, got {width}x{height}."
        )
    return images[:, :SIDE, :SIDE, 0]


def read_colour(folder: Path) -> Images:
    """Return the images below `folder`, in order, (N, H, W, 3)."""
    return np.stack(list(_read(folder, channels=3)))


def _read(folder: Path, channels: int) -> Iterator[Images]:
    paths = [path for path in listing.find_images(folder) if path.stem not in SHEETS]
    if not paths:
        raise SystemExit(f"{folder}: no images found.")
    for path in paths:
        yield scale_dtype(read_image(path, channels=channels), "uint8")
