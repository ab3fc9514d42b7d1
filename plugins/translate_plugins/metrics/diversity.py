"""Diversity of images that were generated for one condition."""

import torch
from torch import Tensor

from translate.batches import UNNAMED, Domain
from translate.metrics import Figure, MetricBatch
from translate_plugins.metrics.features import lite0
from translate_plugins.metrics.means import UNDEFINED, MeanOfSetValues


class Diversity(MeanOfSetValues):
    """Generators: mean distance of two images of one class, in features of EfficientNet-Lite0.

    0 for a generator that ignores its noise. Compare it with that of real images: outputs of pure
    noise are diverse as well.
    """

    needs = frozenset({"fake", "labels"})
    of_samples = True
    figures = {"diversity-lite0": Figure("max")}

    def __init__(self, *, domain: Domain = UNNAMED) -> None:
        self.domain = domain

    def update(self, batch: MetricBatch) -> None:
        features = lite0()(batch["fake"], self.domain)
        self.add("fake", features=features, labels=batch["labels"])

    def values(self) -> Tensor:
        features, labels = self.rows("fake", "features").double(), self.rows("fake", "labels")
        groups = [features[labels == label] for label in labels.unique()]
        return torch.cat(
            [UNDEFINED, *(distance_to_others(each) for each in groups if len(each) > 1)]
        )

    def protocol(self) -> dict[str, str]:
        return lite0().protocol()


def distance_to_others(images: Tensor) -> Tensor:
    """Return the mean Euclidean distance of each of (N, ...) to the N - 1 others."""
    flat = images.flatten(1)
    distances = torch.cdist(flat, flat, compute_mode="donot_use_mm_for_euclid_dist")
    return distances.sum(1) / (len(flat) - 1)
