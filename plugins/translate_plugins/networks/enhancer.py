"""The coarse-to-fine generator of pix2pixHD: a global generator and a local enhancer.

The global generator alone is `resnet` with four downsamplings and nine blocks.
"""

from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from translate.nn.geometry import Geometry
from translate_plugins.networks.norms import BIAS, NORM, bias_before, norm_layer
from translate_plugins.networks.resnet import ResidualBlock, ResnetGenerator
from translate_plugins.networks.sizes import halve


class EnhancerGenerator(nn.Module):
    """Coarse-to-fine generator of pix2pixHD: images (N, C, H, W) to images of the same size.

    Wang et al. (2018), section 3.2: the features of the global generator, at half the resolution,
    are added to the features of the local enhancer, at full resolution; the output is computed from
    the sum. State-dict keys are those of published checkpoints.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width: Annotated[
            int,
            Field(gt=0),
            "channels after the first layer; the global generator has twice as many",
        ] = 32,
        blocks: Annotated[int, "number of residual blocks of the local enhancer"] = 3,
        coarse_blocks: Annotated[int, "number of residual blocks of the global generator"] = 9,
        downsamplings: Annotated[
            int | None,
            "times that the global generator halves the sides: 4, or fewer for crops below 64",
        ] = None,
        norm: Annotated[str, NORM] = "instance",
        bias: Annotated[bool | None, BIAS] = None,
        size: Annotated[
            tuple[int, int] | None,
            "height and width of a training crop, which limits `downsamplings`",
        ] = None,
    ) -> None:
        super().__init__()
        if downsamplings is None:
            downsamplings = max(0, min(4, min(size).bit_length() - 3)) if size else 4
        normed, bias, twice = norm_layer(norm), bias_before(norm, bias), 2 * width
        coarse = ResnetGenerator(
            in_channels,
            out_channels,
            width=twice,
            blocks=coarse_blocks,
            downsamplings=downsamplings,
            norm=norm,
            bias=bias,
        )
        self.model = coarse.model[:-3]  # without the output layer, its padding and tanh
        self.model1_1 = nn.Sequential(
            nn.ReflectionPad2d(3),
            nn.Conv2d(in_channels, width, 7, bias=bias),
            normed(width),
            nn.ReLU(),
            nn.Conv2d(width, twice, 3, stride=2, padding=1, bias=bias),
            normed(twice),
            nn.ReLU(),
        )
        self.model1_2 = nn.Sequential(
            *[ResidualBlock(twice, norm, 0.0, bias) for _ in range(blocks)],
            nn.ConvTranspose2d(twice, width, 3, 2, 1, output_padding=1, bias=bias),
            normed(width),
            nn.ReLU(),
            nn.ReflectionPad2d(3),
            nn.Conv2d(width, out_channels, 7),
            nn.Tanh(),
        )
        half = coarse.geometry  # of an image at half its sides
        self.geometry = Geometry(multiple_of=2 * half.multiple_of, minimum=2 * half.minimum)

    def forward(self, x: Tensor) -> Tensor:
        return self.model1_2(self.model1_1(x) + self.model(halve(x)))
