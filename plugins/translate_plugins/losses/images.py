"""Losses of an output image compared with its target image."""

from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.losses import at_least_float32


class MeanAbsolute(nn.Module):
    """Images: mean absolute difference of output and target."""

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(output, target)


class MeanSquared(nn.Module):
    """Images: mean squared difference of output and target, which blurs more than l1."""

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(output, target)


class Ssim(nn.Module):
    """Images: 1 minus the mean structural similarity (Wang et al., 2004), from 0 to 2.

    Images are (N, C, H, W) in [-1, 1], with sides longer than half the window. Windows are
    Gaussian, sigma 1.5 pixels; images are padded by reflection, so that pixels near the edge count.
    """

    def __init__(self, *, window: Annotated[int, "side of the window in pixels, odd"] = 11) -> None:
        super().__init__()
        self.window = window

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        from kornia.metrics import ssim  # takes 0.3 s; inference does not need kornia

        with torch.autocast(output.device.type, enabled=False):
            output, target = (at_least_float32(images) / 2 + 0.5 for images in (output, target))
            return 1 - ssim(output, target, self.window, eps=0.0).mean()


class Charbonnier(nn.Module):
    """Images: Charbonnier loss, an L1 loss that is smooth near 0 (Lai et al., 2017, section 3.3).

    The mean of ``sqrt(d^2 + epsilon^2) - epsilon`` over the differences ``d``; 0 for equal images.
    """

    def __init__(
        self,
        *,
        epsilon: Annotated[
            float,
            "difference below which the loss is about quadratic, and above which it is linear",
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

    The sum of absolute differences between each pixel and the pixels to its right and below,
    divided by the number of values. It does not depend on `target`: it is an addition to other
    losses, with a small weight.
    """

    def forward(self, output: Tensor, target: Tensor) -> Tensor:  # noqa: ARG002
        output = at_least_float32(output)
        variation = output.diff(dim=-1).abs().sum() + output.diff(dim=-2).abs().sum()
        return variation / output.numel()


class EdgeLoss(nn.Module):
    """Images: mean absolute difference of the magnitudes of Sobel gradients.

    Images are (N, C, H, W) in [-1, 1]. The magnitude is per pixel: a ramp that
    rises by 0.1 per pixel has the magnitude 0.1.
    """

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        from kornia.filters import sobel

        with torch.autocast(output.device.type, enabled=False):
            return F.l1_loss(sobel(at_least_float32(output)), sobel(at_least_float32(target)))
