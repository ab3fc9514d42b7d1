"""Errors of pixels against the ground truth of the same image."""

from torch import Tensor

from translate.batches import UNNAMED, Domain
from translate.metrics import Figure, Metric, MetricBatch


class MeanAbsoluteError(Metric):
    """Paired: mean absolute error of pixels, in the unit of the target domain."""

    needs = frozenset({"fake", "target"})
    masked = True

    def __init__(self, *, domain: Domain = UNNAMED) -> None:
        self.figures = {"mae": Figure("min", domain.unit)}

    def update(self, batch: MetricBatch) -> None:
        error = (batch["fake"] - batch["target"]).abs().mean(1, keepdim=True)
        self.add("fake", error=_mean_inside(error, batch.get("mask")))

    def compute(self) -> dict[str, float]:
        return {"mae": float(self.rows("fake", "error").double().nanmean())}


def _mean_inside(values: Tensor, mask: Tensor | None) -> Tensor:
    """Return the mean of `values` (N, 1, H, W) inside each mask; NaN for an empty one."""
    if mask is None:
        return values.mean((1, 2, 3))
    return (values * mask).sum((1, 2, 3)) / mask.sum((1, 2, 3))
