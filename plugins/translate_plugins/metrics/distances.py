"""Distances of the distributions of fake and real images, in features of a pretrained network.

The distances are computed as KID and FID, by torch-fidelity, but in features of EfficientNet-Lite0:
values are not comparable with KID and FID in papers. Subclasses use other networks.
"""

from typing import Annotated

import torch
from torch import Tensor

from translate.batches import UNNAMED, Domain
from translate.errors import require_package
from translate.metrics import Metric, MetricBatch, MetricValue
from translate_plugins.metrics.features import FeatureNetwork, lite0

MAX_SUBSET = 1000
"""largest number of images in a subset, for the kernel distance (Binkowski et al., 2018)"""


class KernelDistance(Metric):
    """Unpaired: kernel distance (KID's estimator) in features of EfficientNet-Lite0.

    Binkowski et al. (2018): squared maximum mean discrepancy with the kernel (x·y / d + 1)³,
    unbiased, so that it may be below 0. The mean over random subsets; a subset has as many images
    as the smaller set, at most 1,000.
    """

    needs = frozenset({"fake", "real"})
    values = {"kd-lite0": MetricValue("min")}
    network = staticmethod(lite0)

    def __init__(
        self,
        *,
        domain: Domain = UNNAMED,
        subsets: Annotated[
            int, "number of random subsets; 1 if both subsets would be the whole sets"
        ] = 100,
    ) -> None:
        require_package("torch_fidelity", "metrics")
        self.domain, self.subsets = domain, subsets

    def update(self, batch: MetricBatch) -> None:
        add_features(self, batch, self.network(), self.domain)

    def compute(self) -> dict[str, float]:
        from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, kid_features_to_metric

        fake, real = fake_and_real_features(self)
        size = min(len(fake), len(real), MAX_SUBSET)
        if size < 2:
            return dict.fromkeys(self.values, float("nan"))
        subsets = 1 if len(fake) == len(real) == size else self.subsets
        distances = kid_features_to_metric(
            fake, real, kid_subsets=subsets, kid_subset_size=size, verbose=False
        )
        return dict.fromkeys(self.values, distances[KEY_METRIC_KID_MEAN])

    def protocol(self) -> dict[str, str]:
        return {**self.network().protocol(), "kernel": "(x·y / d + 1)³, unbiased"}


class FrechetDistance(Metric):
    """Unpaired: Fréchet distance (FID's formula) in features of EfficientNet-Lite0.

    Heusel et al. (2017), with unbiased covariances. The distance is biased upwards for few images:
    only values of equal numbers of images are comparable.
    """

    needs = frozenset({"fake", "real"})
    unbiased_from = 1000
    values = {"fd-lite0": MetricValue("min")}
    network = staticmethod(lite0)

    def __init__(self, *, domain: Domain = UNNAMED) -> None:
        require_package("torch_fidelity", "metrics")
        self.domain = domain

    def update(self, batch: MetricBatch) -> None:
        add_features(self, batch, self.network(), self.domain)

    def compute(self) -> dict[str, float]:
        fake, real = fake_and_real_features(self)
        if min(len(fake), len(real)) < 2:
            return dict.fromkeys(self.values, float("nan"))
        return dict.fromkeys(self.values, frechet_distance(fake, real))

    def protocol(self) -> dict[str, str]:
        return {**self.network().protocol(), "covariance": "unbiased"}


def frechet_distance(fake: Tensor, real: Tensor) -> float:
    """Return the Fréchet distance of Gaussians that are fitted to features (N, D), float64."""
    from torch_fidelity.metric_fid import (
        KEY_METRIC_FID,
        fid_features_to_statistics,
        fid_statistics_to_metric,
    )

    # in the span of the features the distance is the same, with fewer dimensions
    basis = torch.linalg.qr(torch.cat([fake, real]).T).Q
    gaussians = (fid_features_to_statistics(features @ basis) for features in (fake, real))
    return float(fid_statistics_to_metric(*gaussians, verbose=False)[KEY_METRIC_FID])


def add_features(
    metric: Metric, batch: MetricBatch, network: FeatureNetwork, domain: Domain
) -> None:
    """Add the features of the fake and real images of a batch to `metric`."""
    if "fake" in batch:
        metric.add("fake", features=network(batch["fake"], domain))
    if "real" in batch:
        metric.add("real", features=network(batch["real"], domain))


def fake_and_real_features(metric: Metric) -> tuple[Tensor, Tensor]:
    """Return the features of all fake and all real images, in double precision."""
    return metric.rows("fake", "features").double(), metric.rows("real", "features").double()
