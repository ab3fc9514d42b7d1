"""A small convolutional classifier, which metrics of generated images train when they measure."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FEATURES, BATCH_SIZE, LEARNING_RATE = 128, 128, 2e-3


class Classification(NamedTuple):
    """The outputs of a classifier for N images."""

    logits: Tensor
    """(N, classes)"""
    features: Tensor
    """(N, 128)"""


class SmallClassifier(nn.Module):
    """Two convolutions, 128 features and logits; images are (N, channels, side, side) in [0, 1]."""

    def __init__(self, channels: int, side: int, classes: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(channels, 32, 3), nn.Conv2d(32, 64, 3)
        pooled_side = ((side - 2) // 2 - 2) // 2
        self.features = nn.Linear(64 * pooled_side * pooled_side, FEATURES)
        self.logits = nn.Linear(FEATURES, classes)

    def forward(self, images: Tensor) -> Classification:
        feature_maps = F.max_pool2d(self.conv1(images).relu(), 2)
        feature_maps = F.max_pool2d(self.conv2(feature_maps).relu(), 2)
        feature_maps = F.dropout(feature_maps, 0.25, self.training)
        features = self.features(feature_maps.flatten(1)).relu()
        return Classification(self.logits(features), features)


Classifier = TypeVar("Classifier", bound=SmallClassifier)


def train_classifier(
    create: Callable[[], Classifier], images: Tensor, labels: Tensor, *, steps: int, seed: int
) -> Classifier:
    """Return a classifier that is trained on `images` (N, C, S, S) in [0, 1].

    Args:
        create: Returns an untrained classifier.
        images: Training images.
        labels: The class of each image, (N,) int64.
        steps: Steps of Adam, with a one-cycle schedule, on batches of 128.
        seed: Random seed of initial weights, batches and dropout.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        classifier = create()
        optimizer = torch.optim.Adam(classifier.parameters(), lr=LEARNING_RATE, fused=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, steps)
        for batch in _batches(len(labels), steps):
            loss = F.cross_entropy(classifier(images[batch]).logits, labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return classifier.eval()


def _batches(count: int, steps: int) -> Iterator[Tensor]:
    """Yield the indices of `steps` batches of `count` images, each image once in an epoch."""
    epoch: tuple[Tensor, ...] = ()
    for step in range(steps):
        position = step % -(-count // BATCH_SIZE)
        if position == 0:
            epoch = torch.randperm(count).split(BATCH_SIZE)
        yield epoch[position]
