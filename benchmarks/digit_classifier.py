"""A small CNN that classifies digits, which the metrics of generated digits are computed with.

It is trained on the 60,000 training images of MNIST, once, in two minutes on one core. No recipe is
trained with it. Its weights are cached under a name that depends on its code, its data and its
seed.
"""

import inspect
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, TypeVar

import mnist
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from translate_plugins.metrics import classifier
from translate_plugins.metrics.classifier import BATCH_SIZE, SmallClassifier, train_classifier

Network = TypeVar("Network", bound=nn.Module)
EPOCHS = 5


class Predictions(NamedTuple):
    """What the classifier returns for N images."""

    digits: NDArray[np.int64]
    """(N,)"""
    confidence: NDArray[np.float64]
    """(N,), the probability of that digit"""
    features: NDArray[np.float64]
    """(N, 128), the input of the last layer"""


class DigitClassifier(SmallClassifier):
    """The classifier of `translate evaluate`; images are (N, 1, 28, 28) in [0, 1]."""

    def __init__(self) -> None:
        super().__init__(channels=1, side=28, classes=10)

    @torch.inference_mode()
    def predict(self, images: NDArray[np.uint8]) -> Predictions:
        """Return the predictions for (N, 28, 28) uint8."""
        chunks = [self(chunk) for chunk in as_input(images).split(1000)]
        logits, features = (torch.cat(part).double() for part in zip(*chunks, strict=True))
        confidence, digits = logits.softmax(1).max(1)
        return Predictions(digits.numpy(), confidence.numpy(), features.numpy())


def as_input(images: NDArray[np.uint8]) -> Tensor:
    """Return (N, 28, 28) uint8 as (N, 1, 28, 28) in [0, 1]."""
    return torch.from_numpy(images.astype(np.float32) / 255)[:, None]


def train(
    images: NDArray[np.uint8], digits: NDArray[np.uint8], seed: int, epochs: int = EPOCHS
) -> DigitClassifier:
    """Return a classifier trained on `images` (N, 28, 28) with the labels `digits` (N,)."""
    steps = epochs * -(-len(images) // BATCH_SIZE)
    labels = torch.from_numpy(digits.astype(np.int64))
    return train_classifier(DigitClassifier, as_input(images), labels, steps=steps, seed=seed)


def pretrained_classifier(data: Path, seed: int = 0) -> DigitClassifier:
    """Return the classifier of MNIST, from the cache if it is there."""
    images, digits = mnist.read(data, "train")
    code = inspect.getsource(classifier) + str(EPOCHS)
    key = sha256(code.encode() + images.tobytes() + digits.tobytes()).hexdigest()[:16]
    return load_or_train(
        f"digits-{key}-seed-{seed}", DigitClassifier(), lambda: train(images, digits, seed)
    )


def load_or_train(name: str, network: Network, train: Callable[[], Network]) -> Network:
    """Return `network` with the cached weights of that name; call `train` if there are none."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "translate-kit" / "classifiers"
    file = folder / f"{name}.safetensors"
    if not file.exists():
        print(f"training a classifier, once: {file}", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        partial_file = file.with_suffix(f".{os.getpid()}")
        save_file(train().state_dict(), partial_file)
        partial_file.replace(file)
    network.load_state_dict(load_file(file))
    return network.eval()
