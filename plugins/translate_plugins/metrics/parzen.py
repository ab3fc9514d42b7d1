"""Parzen window estimate of the log-likelihood of real images."""

import math
from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from translate.batches import UNNAMED, Domain
from translate.metrics import MetricBatch, MetricValue
from translate_plugins.metrics.means import UNDEFINED, MeanOverImageSet


class ParzenLogLikelihood(MeanOverImageSet):
    """Generators: log-likelihood of real images under Gaussians around generated images.

    Goodfellow et al. (2014), section 5: one Gaussian in pixel space for each generated image. The
    bandwidth is the best for one half of the real images; the metric is the mean over the other
    half. It is of historical interest only: Theis et al. (2016) show that it does not follow the
    quality of samples.
    """

    needs = frozenset({"fake", "real"})
    of_samples = True
    values = {"parzen-log-likelihood": MetricValue("max", "nats")}

    def __init__(
        self,
        *,
        domain: Domain = UNNAMED,
        side: Annotated[
            int, Field(ge=1), "largest side in pixels; larger images are shrunk to it"
        ] = 32,
    ) -> None:
        self.domain, self.side = domain, side

    def update(self, batch: MetricBatch) -> None:
        if "fake" in batch:
            self.add("fake", pixels=self._pixels(batch["fake"]))
        if "real" in batch:
            self.add("real", pixels=self._pixels(batch["real"]))

    def image_values(self) -> Tensor:
        fake, real = (self.rows(name, "pixels").double() for name in ("fake", "real"))
        if len(real) < 2:
            return UNDEFINED
        # sorted, so that the halves do not depend on the order of the images
        real = real[torch.tensor(sorted(range(len(real)), key=lambda index: real[index].tolist()))]
        squared_distances = torch.cdist(real, fake).square()
        validation, test = squared_distances[::2], squared_distances[1::2]
        dimension = real.shape[1]

        def validation_likelihood(bandwidth: float) -> float:
            return float(log_density(validation, bandwidth, dimension).mean())

        return log_density(test, max(BANDWIDTHS, key=validation_likelihood), dimension)

    def protocol(self) -> dict[str, str]:
        return {
            "pixels": f"in [0, 1], shrunk to {self.side}x{self.side} at most",
            "bandwidth": "best of 21 from 0.01 to 1, on every second real image",
        }

    def _pixels(self, images: Tensor) -> Tensor:
        """Return shrunk images as vectors (N, pixels) in [0, 1]."""
        low, high = self.domain.range
        size = [min(side, self.side) for side in images.shape[-2:]]
        shrunk = F.interpolate(images.float(), size, mode="area")
        return ((shrunk - low) / (high - low)).flatten(1)


BANDWIDTHS = [10 ** (step / 10 - 2) for step in range(21)]
"""standard deviations of the Gaussians that are tried, from 0.01 to 1"""


def log_density(squared_distances: Tensor, bandwidth: float, dimension: int) -> Tensor:
    """Return the log density (N,), in nats, from squared distances (N, M) to M centres."""
    exponents = -squared_distances / (2 * bandwidth**2)
    constant = math.log(squared_distances.shape[1]) + dimension / 2 * math.log(
        2 * math.pi * bandwidth**2
    )
    return exponents.logsumexp(1) - constant
