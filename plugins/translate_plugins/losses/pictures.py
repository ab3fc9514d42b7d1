"""How far a picture is from the one it should be, as an eye sees it rather than pixel by pixel."""

from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate.ops import precise


class Ssim(nn.Module):
    """1 minus the mean structural similarity (Wang et al., 2004): 0 for equal pictures, at most 2.

    Pictures are (N, C, H, W) in [-1, 1] with sides of at least 6. The windows are Gaussian, sigma
    1.5; those that reach over the edge count too, reflected, so that no frame is left unjudged.
    """

    def __init__(self, *, window: Annotated[int, "side of a window, odd"] = 11) -> None:
        super().__init__()
        self.window = window

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        from kornia.metrics import ssim  # a third of a second, which inference need not spend

        with torch.autocast(output.device.type, enabled=False):
            seen, wanted = (precise(images) / 2 + 0.5 for images in (output, target))
            return 1 - ssim(seen, wanted, self.window, eps=0.0).mean()


class EdgeLoss(nn.Module):
    """Edges belong where the target's edges are: mean distance of the Sobel magnitudes.

    Pictures are (N, C, H, W) in [-1, 1]. A ramp of `s` per pixel has the magnitude `s`.
    """

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        from kornia.filters import sobel

        with torch.autocast(output.device.type, enabled=False):
            return F.l1_loss(sobel(precise(output)), sobel(precise(target)))
