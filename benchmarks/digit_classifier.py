"""A small CNN that classifies digits, which the metrics of generated digits are computed with.

It is trained on the 60,000 training images of MNIST, once, in two minutes on one core. No recipe is
trained with it. Its weights are cached under a name that depends on its code, its data and its
seed.
"""

import inspect
import os
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, TypeVar

import mnist
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)
FEATURES = 128
EPOCHS = 5
BATCH_SIZE, LEARNING_RATE = 128, 2e-3


class Predictions(NamedTuple):
    """What the classifier returns for N images."""

    digits: NDArray[np.int64]
    """(N,)"""
    confidence: NDArray[np.float64]
    """(N,), the probability of that digit"""
    features: NDArray[np.float64]
    """(N, 128), the input of the last layer"""


class DigitClassifier(nn.Module):
    """Two convolutions, 128 features, ten logits; images are (N, 1, 28, 28) in [0, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 32, 3), nn.Conv2d(32, 64, 3)
        self.features, self.logits = nn.Linear(64 * 5 * 5, FEATURES), nn.Linear(FEATURES, 10)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        maps = F.max_pool2d(self.first(images).relu(), 2)
        maps = F.max_pool2d(self.second(maps).relu(), 2)
        maps = F.dropout(maps, 0.25, self.training)
        features = self.features(maps.flatten(1)).relu()
        return self.logits(features), features

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
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        classifier = DigitClassifier()
        optimizer = torch.optim.Adam(classifier.parameters(), lr=LEARNING_RATE, fused=True)
        steps = epochs * -(-len(images) // BATCH_SIZE)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, steps)
        for batch, labels in _batches(images, digits, epochs):
            loss = F.cross_entropy(classifier(batch)[0], labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return classifier.eval()


def _batches(
    images: NDArray[np.uint8], digits: NDArray[np.uint8], epochs: int
) -> Iterator[tuple[Tensor, Tensor]]:
    labels = torch.from_numpy(digits.astype(np.int64))
    for _ in range(epochs):
        for indices in torch.randperm(len(labels)).split(BATCH_SIZE):
            yield as_input(images[indices.numpy()]), labels[indices]


def pretrained(data: Path, seed: int = 0) -> DigitClassifier:
    """Return the classifier of MNIST, from the cache if it is there."""
    images, digits = mnist.read(data, "train")
    code = inspect.getsource(DigitClassifier) + inspect.getsource(train)
    code += str((EPOCHS, BATCH_SIZE, LEARNING_RATE))
    key = sha256(code.encode() + images.tobytes() + digits.tobytes()).hexdigest()[:16]
    return cached(
        f"digits-{key}-seed-{seed}", DigitClassifier(), lambda: train(images, digits, seed)
    )


def cached(name: str, network: Network, train: Callable[[], Network]) -> Network:
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
