"""The coarse-to-fine generator of pix2pixHD: a global generator and a local enhancer.

The global generator alone is the built-in `resnet` with four downsamplings and nine blocks.
"""

from typing import Annotated

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from translate.nn.geometry import Geometry
from translate.nn.norms import BIAS, NORM, conv_bias, norm_layer


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
            "channels after the first layer; the global generator has global_width as many",
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
        create_norm, bias = norm_layer(norm), conv_bias(norm, bias)
        global_width = 2 * width
        self.model = global_generator_without_output(
            in_channels, global_width, coarse_blocks, downsamplings, norm, bias
        )
        self.model1_1 = nn.Sequential(
            nn.ReflectionPad2d(3),
            nn.Conv2d(in_channels, width, 7, bias=bias),
            create_norm(width),
            nn.ReLU(),
            nn.Conv2d(width, global_width, 3, stride=2, padding=1, bias=bias),
            create_norm(global_width),
            nn.ReLU(),
        )
        self.model1_2 = nn.Sequential(
            *[ResidualBlock(global_width, norm, bias) for _ in range(blocks)],
            nn.ConvTranspose2d(global_width, width, 3, 2, 1, output_padding=1, bias=bias),
            create_norm(width),
            nn.ReLU(),
            nn.ReflectionPad2d(3),
            nn.Conv2d(width, out_channels, 7),
            nn.Tanh(),
        )
        # reflection padding of 3 pixels needs 4, and of 1 pixel, in the smallest features, 2
        factor = 2**downsamplings
        self.geometry = Geometry(multiple_of=2 * factor, minimum=2 * max(4, 2 * factor))

    def forward(self, x: Tensor) -> Tensor:
        half_size = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
        return self.model1_2(self.model1_1(x) + self.model(half_size))


def global_generator_without_output(
    in_channels: int, width: int, blocks: int, downsamplings: int, norm: str, bias: bool
) -> nn.Sequential:
    """Return the layers of the global generator from images to features (N, width, H, W)."""
    create_norm = norm_layer(norm)
    layers: list[nn.Module] = [
        nn.ReflectionPad2d(3),
        nn.Conv2d(in_channels, width, 7, bias=bias),
        create_norm(width),
        nn.ReLU(),
    ]
    for _ in range(downsamplings):
        down = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1, bias=bias)
        width *= 2
        layers += [down, create_norm(width), nn.ReLU()]
    layers += [ResidualBlock(width, norm, bias) for _ in range(blocks)]
    for _ in range(downsamplings):
        up = nn.ConvTranspose2d(width, width // 2, 3, 2, 1, output_padding=1, bias=bias)
        width //= 2
        layers += [up, create_norm(width), nn.ReLU()]
    return nn.Sequential(*layers)


class ResidualBlock(nn.Module):
    """Residual block of two 3x3 convolutions (He et al., 2016)."""

    def __init__(self, channels: int, norm: str, bias: bool) -> None:
        super().__init__()
        create_norm = norm_layer(norm)
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=bias),
            create_norm(channels),
            nn.ReLU(),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=bias),
            create_norm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)
