"""A generator with a large receptive field: dilated convolutions at a lower resolution."""

from typing import Annotated

import torch.nn.functional as F
from pydantic import PositiveInt
from torch import Tensor, nn

from translate.nn.geometry import Geometry

DILATIONS = (1, 2, 4, 1)
"""dilation of each block; the sequence is repeated if there are more blocks"""


class DilatedGenerator(nn.Module):
    """Dilated ResNet at a lower resolution: from images (N, C, H, W) to images of the same size.

    Based on the image completion network of Iizuka et al. (2017), section 3.2: dilated convolutions
    at a quarter of the resolution, with a receptive field that covers most of an image. Unlike the
    paper: pre-activation residual blocks (He et al., 2016) without norm, between average pooling
    and bilinear upsampling, so outputs have no fine detail. The output is unbounded, for recipes
    that add it to an image as a correction.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width: Annotated[PositiveInt, "channels of the hidden layers"] = 64,
        blocks: Annotated[
            PositiveInt, "number of residual blocks, with dilations 1, 2, 4, 1, 1, 2, ..."
        ] = 4,
        downsampling: Annotated[PositiveInt, "downsampling factor of the residual blocks"] = 4,
    ) -> None:
        super().__init__()
        self.geometry = Geometry(multiple_of=downsampling)
        self.model = nn.Sequential(
            nn.AvgPool2d(downsampling),
            nn.Conv2d(in_channels, width, 3, padding=1),
            *(Block(width, DILATIONS[index % len(DILATIONS)]) for index in range(blocks)),
            nn.ReLU(),
            nn.Conv2d(width, out_channels, 3, padding=1),
            nn.Upsample(scale_factor=downsampling, mode="bilinear"),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class Block(nn.Module):
    """Pre-activation residual block of a dilated and a plain convolution, on (N, width, H, W)."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.wide = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)
        self.near = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.near(F.relu(self.wide(F.relu(x))))
