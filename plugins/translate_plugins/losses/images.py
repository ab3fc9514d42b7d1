"""Losses between an image and its target."""

from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.losses import at_least_float32


class MeanAbsolute(nn.Module):
    """Images: mean absolute error."""

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(output, target)


class MeanSquared(nn.Module):
    """Images: mean squared error, which blurs more than l1."""

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(output, target)


class Ssim(nn.Module):
    """Images: 1 minus the mean structural similarity (Wang et al., 2004), from 0 to 2.

    Images are (N, C, H, W) in [-1, 1] with sides of at least 6. Windows are Gaussian, sigma 1.5;
    images are padded by reflection, so that pixels near the edge count as well.
    """

    def __init__(self, *, window: Annotated[int, "side of the window in pixels, odd"] = 11) -> None:
        super().__init__()
        self.window = window

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        from kornia.metrics import ssim  # takes 0.3 s, and inference does not need it

        with torch.autocast(output.device.type, enabled=False):
            output, target = (at_least_float32(images) / 2 + 0.5 for images in (output, target))
            return 1 - ssim(output, target, self.window, eps=0.0).mean()


class Charbonnier(nn.Module):
    """Images: Charbonnier loss, an L1 that is smooth near 0 (Lai et al., 2017, section 3.3).

    The mean of ``sqrt(d^2 + epsilon^2)``, less epsilon, so that the loss of equal images is 0.
    """

    def __init__(
        self,
        *,
        epsilon: Annotated[
            float, "differences much smaller than this have a quadratic loss"
        ] = 1e-3,
    ) -> None:
        super().__init__()
        if epsilon <= 0:
            raise ConfigError(f"epsilon: expected a positive number, got {epsilon}; l1 has none.")
        self.epsilon = epsilon

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        difference = at_least_float32(output) - at_least_float32(target)
        return ((difference.square() + self.epsilon**2).sqrt() - self.epsilon).mean()


class TotalVariation(nn.Module):
    """Images: total variation of the output, which suppresses noise (Rudin et al., 1992).

    The sum of absolute differences of neighbours, right and below, over the number of values. It
    does not depend on `target`; add it with a small weight to another loss.
    """

    def forward(self, output: Tensor, target: Tensor) -> Tensor:  # noqa: ARG002 - see above
        output = at_least_float32(output)
        steps = output.diff(dim=-1).abs().sum() + output.diff(dim=-2).abs().sum()
        return steps / output.numel()


class EdgeLoss(nn.Module):
    """Images: mean distance of the Sobel gradient magnitudes.

    Images are (N, C, H, W) in [-1, 1]. A ramp of `s` per pixel has the magnitude `s`.
    """

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        from kornia.filters import sobel

        with torch.autocast(output.device.type, enabled=False):
            return F.l1_loss(sobel(at_least_float32(output)), sobel(at_least_float32(target)))
