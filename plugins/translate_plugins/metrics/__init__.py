"""Metrics of translated and generated images."""

from translate import hookimpl
from translate.metrics import Metric
from translate_plugins.metrics.distances import FrechetDistance, KernelDistance
from translate_plugins.metrics.errors import MeanAbsoluteError, PeakSignalToNoiseRatio
from translate_plugins.metrics.ssim import StructuralSimilarity


@hookimpl
def register_metrics() -> dict[str, type[Metric]]:
    return {
        "mae": MeanAbsoluteError,
        "psnr": PeakSignalToNoiseRatio,
        "ssim": StructuralSimilarity,
        "kd-lite0": KernelDistance,
        "fd-lite0": FrechetDistance,
    }
