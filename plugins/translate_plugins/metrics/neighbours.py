"""Precision, recall, density and coverage: nearest neighbours among features of images.

These metrics separate fidelity and diversity: precision and density measure how many fake images
are near real images, recall and coverage how many real images are near fake images.
"""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from translate.batches import UNNAMED, Domain
from translate.metrics import MetricBatch, MetricValue
from translate_plugins.metrics.distances import add_features, fake_and_real_features
from translate_plugins.metrics.features import lite0
from translate_plugins.metrics.means import UNDEFINED, MeanOverImageSet

NeighbourCount = Annotated[
    int, Field(ge=1), "k: a neighbourhood reaches to the k-th nearest neighbour"
]


class _NeighbourhoodMetric(MeanOverImageSet):
    """Compares fake images with neighbourhoods of real images, or the reverse."""

    needs = frozenset({"fake", "real"})

    def __init__(self, *, domain: Domain = UNNAMED, neighbours: NeighbourCount = 3) -> None:
        self.domain, self.neighbours = domain, neighbours

    def update(self, batch: MetricBatch) -> None:
        add_features(self, batch, lite0(), self.domain)

    def protocol(self) -> dict[str, str]:
        return {**lite0().protocol(), "neighbours": str(self.neighbours)}

    def radii(self, vectors: Tensor) -> Tensor | None:
        """Return (N,), the distance of each of `vectors` (N, D) to its k-th nearest neighbour.

        None for k vectors or fewer.
        """
        if len(vectors) <= self.neighbours:
            return None
        # + 1, as the nearest vector is the vector itself
        return euclidean_distances(vectors, vectors).kthvalue(self.neighbours + 1).values


class Precision(_NeighbourhoodMetric):
    """Unpaired: fraction of fake images in the neighbourhood of a real image.

    Kynkäänniemi et al. (2019), equation 1, in features of EfficientNet-Lite0: the distance to some
    real image is at most that image's distance to its k-th neighbour among the real images.
    """

    values = {"precision-lite0": MetricValue("max")}

    def image_values(self) -> Tensor:
        fake, real = fake_and_real_features(self)
        radii = self.radii(real)
        return UNDEFINED if radii is None else (euclidean_distances(fake, real) <= radii).any(1)


class Recall(_NeighbourhoodMetric):
    """Unpaired: fraction of real images in the neighbourhood of a fake image.

    Kynkäänniemi et al. (2019), equation 2, in features of EfficientNet-Lite0: precision with both
    sets exchanged. Recall is 0 for a generator that repeats one image.
    """

    values = {"recall-lite0": MetricValue("max")}

    def image_values(self) -> Tensor:
        fake, real = fake_and_real_features(self)
        radii = self.radii(fake)
        return UNDEFINED if radii is None else (euclidean_distances(real, fake) <= radii).any(1)


class _FiveNeighbours(_NeighbourhoodMetric):
    """Has k = 5 by default, as Naeem et al. (2020)."""

    def __init__(self, *, domain: Domain = UNNAMED, neighbours: NeighbourCount = 5) -> None:
        super().__init__(domain=domain, neighbours=neighbours)


class Density(_FiveNeighbours):
    """Unpaired: number of neighbourhoods of real images that a fake image is in, divided by k.

    Naeem et al. (2020), equation 4, in features of EfficientNet-Lite0. Density is about 1 for real
    images, and less sensitive to outliers than precision.
    """

    values = {"density-lite0": MetricValue("max")}

    def image_values(self) -> Tensor:
        fake, real = fake_and_real_features(self)
        radii = self.radii(real)
        if radii is None or not radii.any():  # equal real images have no neighbourhood
            return UNDEFINED
        return (euclidean_distances(fake, real) < radii).sum(1) / self.neighbours


class Coverage(_FiveNeighbours):
    """Unpaired: fraction of real images with a fake image in their neighbourhood.

    Naeem et al. (2020), equation 5, in features of EfficientNet-Lite0. Unlike recall, coverage is
    not raised by fake outliers.
    """

    values = {"coverage-lite0": MetricValue("max")}

    def image_values(self) -> Tensor:
        fake, real = fake_and_real_features(self)
        radii = self.radii(real)
        if radii is None or not radii.any():
            return UNDEFINED
        return euclidean_distances(real, fake).min(1).values < radii


def euclidean_distances(first: Tensor, second: Tensor) -> Tensor:
    """Return the Euclidean distances (N, M) of (N, D) and (M, D), exactly 0 for equal rows."""
    return torch.cdist(first, second, compute_mode="donot_use_mm_for_euclid_dist")
