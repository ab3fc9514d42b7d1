"""A generator that looks far around: dilated convolutions on a smaller image."""

from typing import Annotated

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from translate.nn.geometry import Geometry

DILATIONS = (1, 2, 4, 1)
"""of one block after the other, over and over"""


class DilatedGenerator(nn.Module):
    """Dilated ResNet at a lower resolution: images (N, C, H, W) to smooth images of the same size.

    After the completion network of Iizuka et al. (2017, section 3.2): a quarter of the sides, where
    dilated convolutions see most of a picture. Departs: residual blocks (He et al., 2016, with
    activations first) without norm, between means of pixels and bilinear enlargement. What it draws
    has no bounds, and next to nothing of it is there at the start: it suits recipes that ask for a
    correction, of colours that are there already.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width: Annotated[int, Field(gt=0), "channels of every layer"] = 64,
        blocks: Annotated[
            int, Field(gt=0), "number of residual blocks, dilated by 1, 2, 4, 1, 1, 2, ..."
        ] = 4,
        downsampling: Annotated[
            int, Field(gt=0), "factor between the input and the resolution of the blocks"
        ] = 4,
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
    """Add a correction to (N, width, H, W)."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.wide = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)
        self.near = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.near(F.relu(self.wide(F.relu(x))))
