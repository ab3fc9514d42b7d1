"""Errors of pixels against the ground truth of the same image."""

from torch import Tensor

from translate.batches import UNNAMED, Domain
from translate.metrics import MetricBatch, MetricValue
from translate_plugins.metrics.means import MeanOverImages

SMALLEST_ERROR = 1e-10 / 255**2
"""Mean squared error, relative to the squared data range, at which PSNR is limited: 148 dB."""


class MeanAbsoluteError(MeanOverImages):
    """Paired: mean absolute error of pixels, in the unit of the target domain."""

    needs = frozenset({"fake", "target"})
    masked = True

    def __init__(self, *, domain: Domain = UNNAMED) -> None:
        self.values = {"mae": MetricValue("min", domain.unit)}

    def update(self, batch: MetricBatch) -> None:
        error = (batch["fake"] - batch["target"]).abs().mean(1, keepdim=True)
        self.add("fake", value=mean_inside(error, batch.get("mask")))


class PeakSignalToNoiseRatio(MeanOverImages):
    """Paired: peak signal-to-noise ratio of each image, mean over images; at most 148 dB."""

    needs = frozenset({"fake", "target"})
    masked = True
    values = {"psnr": MetricValue("max", "dB")}

    def __init__(self, *, domain: Domain = UNNAMED) -> None:
        low, high = domain.range
        self.data_range = high - low

    def update(self, batch: MetricBatch) -> None:
        error = (batch["fake"].double() - batch["target"]) / self.data_range
        squared_error = mean_inside(error.square().mean(1, keepdim=True), batch.get("mask"))
        self.add("fake", value=-10 * squared_error.clamp(min=SMALLEST_ERROR).log10())

    def protocol(self) -> dict[str, str]:
        return {"data range": f"{self.data_range:g}", "mean": "over images, in dB"}


def mean_inside(values: Tensor, mask: Tensor | None) -> Tensor:
    """Return (N,), the mean of `values` (N, 1, H, W) inside each mask; NaN for an empty mask."""
    if mask is None:
        return values.mean((1, 2, 3))
    return (values * mask).sum((1, 2, 3)) / mask.sum((1, 2, 3))
