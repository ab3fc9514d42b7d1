"""A metric that is a hash of the outputs, so that any changed bit changes its value."""

from hashlib import sha256

import torch

from translate import hookimpl
from translate.metrics import Metric, MetricBatch, MetricValue


class HashMetric(Metric):
    """A number in [0, 1] that depends on every bit of the outputs."""

    values = {"hash": MetricValue("max")}

    def update(self, batch: MetricBatch) -> None:
        rows = [sha256(image.cpu().numpy().tobytes()).digest() for image in batch.get("fake", ())]
        self.add("fake", hashes=torch.tensor([int.from_bytes(row[:4]) / 2**32 for row in rows]))

    def compute(self) -> dict[str, float]:
        return {"hash": float(self.rows("fake", "hashes").double().mean())}


class HashPlugin:
    """Offers the metric ``hash``."""

    @hookimpl
    def register_metrics(self) -> dict[str, type[Metric]]:
        return {"hash": HashMetric}
