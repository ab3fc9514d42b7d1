"""Diversity of images that were generated for one condition."""

import torch
from torch import Tensor

from translate.batches import UNNAMED, Domain
from translate.metrics import MetricBatch, MetricValue
from translate_plugins.metrics.features import lite0
from translate_plugins.metrics.means import UNDEFINED, MeanOverImageSet


class Diversity(MeanOverImageSet):
    """Generators: mean distance of two images of one class, in features of EfficientNet-Lite0.

    The distance is 0 for a generator that ignores its latent vector. Compare it with the distance
    of real images, since images of pure noise are diverse as well.
    """

    needs = frozenset({"fake", "labels"})
    of_samples = True
    values = {"diversity-lite0": MetricValue("max")}

    def __init__(self, *, domain: Domain = UNNAMED) -> None:
        self.domain = domain

    def update(self, batch: MetricBatch) -> None:
        features = lite0()(batch["fake"], self.domain)
        self.add("fake", features=features, labels=batch["labels"])

    def image_values(self) -> Tensor:
        features, labels = self.rows("fake", "features").double(), self.rows("fake", "labels")
        groups = [features[labels == label] for label in labels.unique()]
        return torch.cat(
            [UNDEFINED, *(distance_to_others(group) for group in groups if len(group) > 1)]
        )

    def protocol(self) -> dict[str, str]:
        return lite0().protocol()


def distance_to_others(images: Tensor) -> Tensor:
    """Return (N,), the mean Euclidean distance of each of `images` (N, ...) to the others."""
    vectors = images.flatten(1)
    distances = torch.cdist(vectors, vectors, compute_mode="donot_use_mm_for_euclid_dist")
    return distances.sum(1) / (len(vectors) - 1)
