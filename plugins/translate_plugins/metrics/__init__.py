"""Metrics of translated and generated images.

Each docstring begins with what the metric is for: "Paired" compares a translation with its ground
truth, "Content" with its source, "Unpaired" compares sets of images, "Generators" is for generated
images.
"""

from translate import hookimpl
from translate.metrics import Metric
from translate_plugins.metrics.class_accuracy import ClassAccuracy, TrainSyntheticTestReal
from translate_plugins.metrics.content import CycleError, EdgeAgreement, StructureDistance
from translate_plugins.metrics.dinov2 import FrechetDinoDistance
from translate_plugins.metrics.distances import FrechetDistance, KernelDistance
from translate_plugins.metrics.diversity import Diversity
from translate_plugins.metrics.errors import MeanAbsoluteError, PeakSignalToNoiseRatio
from translate_plugins.metrics.inception import (
    ClipMeanDiscrepancy,
    FrechetInceptionDistance,
    InceptionScore,
    KernelInceptionDistance,
    Lite0InceptionScore,
)
from translate_plugins.metrics.neighbours import Coverage, Density, Precision, Recall
from translate_plugins.metrics.parzen import ParzenLogLikelihood
from translate_plugins.metrics.perceptual import LearnedDistance, StructureAndTextureDistance
from translate_plugins.metrics.ssim import MultiScaleStructuralSimilarity, StructuralSimilarity


@hookimpl
def register_metrics() -> dict[str, type[Metric]]:
    return {
        "mae": MeanAbsoluteError,
        "psnr": PeakSignalToNoiseRatio,
        "ssim": StructuralSimilarity,
        "ms-ssim": MultiScaleStructuralSimilarity,
        "lpips": LearnedDistance,
        "dists": StructureAndTextureDistance,
        "kid": KernelInceptionDistance,
        "kd-lite0": KernelDistance,
        "cmmd": ClipMeanDiscrepancy,
        "fid": FrechetInceptionDistance,
        "fd-dinov2": FrechetDinoDistance,
        "fd-lite0": FrechetDistance,
        "precision-lite0": Precision,
        "recall-lite0": Recall,
        "density-lite0": Density,
        "coverage-lite0": Coverage,
        "is-lite0": Lite0InceptionScore,
        "inception-score": InceptionScore,
        "diversity-lite0": Diversity,
        "class-accuracy": ClassAccuracy,
        "tstr": TrainSyntheticTestReal,
        "parzen-log-likelihood": ParzenLogLikelihood,
        "cycle-error": CycleError,
        "structure-lite0": StructureDistance,
        "edge-agreement": EdgeAgreement,
    }
