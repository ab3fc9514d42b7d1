"""Preservation of the source image: cycle error, structure and edges."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from translate.batches import UNNAMED, Domain
from translate.metrics import MetricBatch, MetricValue
from translate_plugins.metrics.errors import mean_inside
from translate_plugins.metrics.features import lite0_maps
from translate_plugins.metrics.means import MeanOverImages

CANNY_THRESHOLDS = 100, 200
"""hysteresis thresholds of the gradient of 8-bit levels"""


class CycleError(MeanOverImages):
    """Content: mean absolute error of images that are translated to the target and back.

    Zhu et al. (2017), in the unit of the source domain. The error is 0 for a model that changes
    nothing, and small for a model that hides the source in invisible noise: use it together with
    other metrics.
    """

    needs = frozenset({"source", "cycle"})
    masked = True

    def __init__(self, *, source_domain: Domain = UNNAMED) -> None:
        self.values = {"cycle-error": MetricValue("min", source_domain.unit)}

    def update(self, batch: MetricBatch) -> None:
        error = (batch["cycle"] - batch["source"]).abs().mean(1, keepdim=True)
        self.add("fake", value=mean_inside(error, batch.get("mask")))


class StructureDistance(MeanOverImages):
    """Content: distance of the self-similarities of source and translation (EfficientNet-Lite0).

    As Tumanyan et al. (2022), section 3.1, with a convolutional network instead of DINO: the mean
    squared difference of the cosine similarities of all pairs of 14x14 positions. The distance
    depends on which positions resemble each other, and little on colours.
    """

    needs = frozenset({"fake", "source"})
    values = {"structure-lite0": MetricValue("min")}

    def __init__(self, *, domain: Domain = UNNAMED, source_domain: Domain = UNNAMED) -> None:
        self.domain, self.source_domain = domain, source_domain

    def update(self, batch: MetricBatch) -> None:
        features = lite0_maps()
        fake = self_similarity(features(batch["fake"], self.domain))
        source = self_similarity(features(batch["source"], self.source_domain))
        self.add("fake", value=(fake - source).square().mean((1, 2)))

    def protocol(self) -> dict[str, str]:
        return lite0_maps().protocol()


class EdgeAgreement(MeanOverImages):
    """Content: intersection over union of the edges of source and translation.

    Edges are those of Canny (1986) in the mean of the channels, by OpenCV, widened by one pixel on
    each side. Undefined for images without edges. A translation of less contrast loses weak edges.
    """

    needs = frozenset({"fake", "source"})
    masked = True
    values = {"edge-agreement": MetricValue("max")}

    def __init__(self, *, domain: Domain = UNNAMED, source_domain: Domain = UNNAMED) -> None:
        self.domain, self.source_domain = domain, source_domain

    def update(self, batch: MetricBatch) -> None:
        size = batch["fake"].shape[-2:]
        fake = edges(batch["fake"], self.domain, size)
        source = edges(batch["source"], self.source_domain, size)
        mask = batch["mask"].cpu() if "mask" in batch else torch.ones_like(fake)
        intersection = (fake & source & mask).sum((1, 2, 3))
        union = ((fake | source) & mask).sum((1, 2, 3))
        self.add("fake", value=intersection / union)

    def protocol(self) -> dict[str, str]:
        low, high = CANNY_THRESHOLDS
        return {"edges": f"Canny, thresholds {low} and {high} of 255, widened to 3 pixels"}


def self_similarity(features: Tensor) -> Tensor:
    """Return the cosine similarities (N, P, P) of the P positions of features (N, D, H, W)."""
    directions = F.normalize(features.flatten(2), dim=1)
    return directions.transpose(1, 2) @ directions


def edges(images: Tensor, domain: Domain, size: Sequence[int]) -> Tensor:
    """Return the edges (N, 1, height, width), bool, of images after resizing to `size`."""
    low, high = domain.range
    gray = F.interpolate(
        images.float().mean(1, keepdim=True), size, mode="bilinear", antialias=True
    )
    levels = ((gray - low) * (255 / (high - low))).round().clamp(0, 255).to(torch.uint8)
    edge_maps = [_canny(image[0].cpu().numpy()) for image in levels]
    return torch.from_numpy(np.stack(edge_maps))[:, None]


def _canny(levels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return cv2.dilate(cv2.Canny(levels, *CANNY_THRESHOLDS), np.ones((3, 3), np.uint8)) > 0
