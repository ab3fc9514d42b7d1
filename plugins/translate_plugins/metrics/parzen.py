"""Parzen window estimate of the log-likelihood of real images."""

import math
from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from translate.batches import UNNAMED, Domain
from translate.metrics import Figure, MetricBatch
from translate_plugins.metrics.means import UNDEFINED, MeanOfSetValues


class ParzenLogLikelihood(MeanOfSetValues):
    """Generators: log-likelihood of real images under Gaussians around the generated ones.

    Goodfellow et al. (2014), section 5: one Gaussian in pixel space for each generated image, with
    the bandwidth that is best for one half of the real images; the mean over the other half. Of
    historical value: Theis et al. (2016) show that it does not follow the quality of samples.
    """

    needs = frozenset({"fake", "real"})
    of_samples = True
    figures = {"parzen-log-likelihood": Figure("max", "nats")}

    def __init__(
        self,
        *,
        domain: Domain = UNNAMED,
        side: Annotated[
            int, Field(ge=1), "pixels of a side to which larger images are shrunk"
        ] = 32,
    ) -> None:
        self.domain, self.side = domain, side

    def update(self, batch: MetricBatch) -> None:
        if "fake" in batch:
            self.add("fake", pixels=self._pixels(batch["fake"]))
        if "real" in batch:
            self.add("real", pixels=self._pixels(batch["real"]))

    def values(self) -> Tensor:
        fake, real = (self.rows(name, "pixels").double() for name in ("fake", "real"))
        if len(real) < 2:
            return UNDEFINED
        real = real[torch.tensor(sorted(range(len(real)), key=lambda i: real[i].tolist()))]
        squares = torch.cdist(real, fake).square()
        validation, test = squares[::2], squares[1::2]
        dimension = real.shape[1]
        best = max(BANDWIDTHS, key=lambda h: float(log_density(validation, h, dimension).mean()))
        return log_density(test, best, dimension)

    def protocol(self) -> dict[str, str]:
        return {
            "pixels": f"in [0, 1], shrunk to {self.side}x{self.side} at most",
            "bandwidth": "best of 21 from 0.01 to 1, on every second real image",
        }

    def _pixels(self, images: Tensor) -> Tensor:
        low, high = self.domain.range
        size = [min(side, self.side) for side in images.shape[-2:]]
        small = F.interpolate(images.float(), size, mode="area")
        return ((small - low) / (high - low)).flatten(1)


BANDWIDTHS = [10 ** (step / 10 - 2) for step in range(21)]


def log_density(squares: Tensor, bandwidth: float, dimension: int) -> Tensor:
    """Return the log density (N,) from squared distances (N, M) to the centres, in nats."""
    exponents = -squares / (2 * bandwidth**2)
    constant = math.log(squares.shape[1]) + dimension / 2 * math.log(2 * math.pi * bandwidth**2)
    return exponents.logsumexp(1) - constant
