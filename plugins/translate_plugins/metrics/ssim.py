"""Structural similarity to the ground truth of the same image."""

import torch

from translate.batches import UNNAMED, Domain
from translate.errors import require_package
from translate.metrics import MetricBatch, MetricValue
from translate_plugins.metrics.errors import mean_inside
from translate_plugins.metrics.means import MeanOverImages

MIN_SIDE = 176
"""shortest side in pixels for MS-SSIM: four halvings leave 11, the window"""
WINDOW = 11
"""side of the Gaussian window in pixels, with a standard deviation of 1.5"""


class StructuralSimilarity(MeanOverImages):
    """Paired: structural similarity (SSIM), mean over images and the windows inside of each.

    Wang et al. (2004), of each channel, by kornia; undefined for images smaller than the window,
    11 pixels. With a mask, only windows with their centre inside the mask count.
    """

    needs = frozenset({"fake", "target"})
    masked = True
    values = {"ssim": MetricValue("max")}

    def __init__(self, *, domain: Domain = UNNAMED) -> None:
        self.low, high = domain.range
        self.data_range = high - self.low

    def update(self, batch: MetricBatch) -> None:
        fake, target = (batch[name].double() - self.low for name in ("fake", "target"))
        if min(fake.shape[-2:]) < WINDOW:
            self.add("fake", value=torch.full((len(fake),), torch.nan, dtype=torch.float64))
            return
        from kornia.metrics import ssim  # takes 0.3 s; only this needs kornia

        ssim_map = ssim(fake, target, WINDOW, float(self.data_range), eps=0.0, padding="valid")
        margin = WINDOW // 2
        mask = batch["mask"][..., margin:-margin, margin:-margin] if "mask" in batch else None
        self.add("fake", value=mean_inside(ssim_map.mean(1, keepdim=True), mask))

    def protocol(self) -> dict[str, str]:
        return {
            "data range": f"{self.data_range:g}",
            "window": f"{WINDOW}x{WINDOW}, Gaussian, sigma 1.5, inside the image only",
        }


class MultiScaleStructuralSimilarity(MeanOverImages):
    """Paired: structural similarity at five scales (MS-SSIM), by torchmetrics, mean over images.

    Wang et al. (2003). Negative contrast terms count as 0. Undefined for images with a side below
    176 pixels, since their coarsest scale is smaller than the window.
    """

    needs = frozenset({"fake", "target"})
    values = {"ms-ssim": MetricValue("max")}

    def __init__(self, *, domain: Domain = UNNAMED) -> None:
        require_package("torchmetrics", "metrics")
        self.low, high = domain.range
        self.data_range = high - self.low

    def update(self, batch: MetricBatch) -> None:
        fake, target = (batch[name].float() - self.low for name in ("fake", "target"))
        if min(fake.shape[-2:]) < MIN_SIDE:
            self.add("fake", value=torch.full((len(fake),), torch.nan))
            return
        from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

        values = multiscale_structural_similarity_index_measure(
            fake, target, data_range=float(self.data_range), reduction="none"
        )
        self.add("fake", value=values.reshape(-1))

    def protocol(self) -> dict[str, str]:
        return {
            "data range": f"{self.data_range:g}",
            "scales": "5, weights of the paper, borders of the coarsest reflected",
        }
