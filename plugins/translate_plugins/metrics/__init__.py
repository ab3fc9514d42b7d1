"""Metrics of translated and generated images."""

from translate import hookimpl
from translate.metrics import Metric
from translate_plugins.metrics.errors import MeanAbsoluteError


@hookimpl
def register_metrics() -> dict[str, type[Metric]]:
    return {"mae": MeanAbsoluteError}
