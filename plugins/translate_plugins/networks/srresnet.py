"""The networks of SRGAN: a generator for super-resolution and a discriminator."""

import math
from typing import Annotated

import torch.nn.functional as F
from pydantic import PositiveInt
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.nn.geometry import Geometry
from translate.nn.norms import NORM, conv_bias, norm_layer
from translate_plugins.networks.sizes import require_image_size


class SrResnet(nn.Module):
    """SRResNet, for super-resolution: images (N, C, H, W) to (N, C, H * scale, W * scale).

    Ledig et al. (2017), section 2.1.1 and figure 4: ``k9n64``, residual blocks with a skip
    connection over all blocks, a convolution and a pixel shuffle for each doubling, ``k9n3``. Any
    image size fits. The output is not bounded, so that saturated pixels have a gradient.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width: Annotated[PositiveInt, "channels of every layer"] = 64,
        blocks: Annotated[int, "number of residual blocks"] = 16,
        norm: Annotated[str, NORM] = "batch",
        residual: Annotated[bool, "predict the difference from bicubic upscaling"] = False,
        scale: Annotated[int, "upscaling factor of the sides: 1, 2, 4 or 8; set by the recipe"] = 1,
    ) -> None:
        super().__init__()
        if blocks < 1:
            raise ConfigError(f"blocks: expected 1 or more, got {blocks}.")
        if scale not in (1, 2, 4, 8):
            raise ConfigError(f"scale: expected 1, 2, 4 or 8, got {scale}.")
        if residual and in_channels != out_channels:
            raise ConfigError(
                f"residual: {in_channels} channels cannot be added to {out_channels}: set it "
                "to false."
            )
        bias = conv_bias(norm)
        self.residual = residual
        self.geometry = Geometry(scale=scale)
        self.head = nn.Sequential(nn.Conv2d(in_channels, width, 9, padding=4), nn.PReLU())
        self.body = nn.Sequential(
            *(Block(width, norm) for _ in range(blocks)),
            nn.Conv2d(width, width, 3, padding=1, bias=bias),
            norm_layer(norm)(width),
        )
        doublings = [Doubling(width) for _ in range(int(math.log2(scale)))]
        self.tail = nn.Sequential(*doublings, nn.Conv2d(width, out_channels, 9, padding=4))

    def forward(self, x: Tensor) -> Tensor:
        features = self.head(x)
        output = self.tail(features + self.body(features))
        return output + upscale(x, self.geometry.scale) if self.residual else output


class Block(nn.Module):
    """Residual block without activation after the sum (Gross and Wilber, 2016)."""

    def __init__(self, width: int, norm: str) -> None:
        super().__init__()
        make_norm, bias = norm_layer(norm), conv_bias(norm)
        self.layers = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=bias),
            make_norm(width),
            nn.PReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=bias),
            make_norm(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class Doubling(nn.Sequential):
    """Double the sides of (N, width, H, W) by sub-pixel convolution (Shi et al., 2016)."""

    def __init__(self, width: int) -> None:
        conv = nn.Conv2d(width, 4 * width, 3, padding=1)
        super().__init__(conv, nn.PixelShuffle(2), nn.PReLU())


class VggDiscriminator(nn.Module):
    """VGG-like discriminator of SRGAN: images (N, in_channels, *size) to one logit each, (N, 1).

    Ledig et al. (2017), section 2.1.1 and figure 4: eight 3x3 convolutions from 64 to 512 channels,
    of which every second halves the sides, then 1,024 units, after VGG and Radford et al. (2016).
    """

    def __init__(
        self,
        in_channels: int,
        *,
        width: Annotated[
            PositiveInt, "channels of the first layer; the last has 8 times as many"
        ] = 64,
        norm: Annotated[str, NORM] = "batch",
        size: Annotated[tuple[int, int], "height and width of a training crop"] = (96, 96),
    ) -> None:
        super().__init__()
        self.size = size
        make_norm, bias = norm_layer(norm), conv_bias(norm)
        layers: list[nn.Module] = [nn.Conv2d(in_channels, width, 3, padding=1), nn.LeakyReLU(0.2)]
        channels = width
        for multiple, stride in ((1, 2), (2, 1), (2, 2), (4, 1), (4, 2), (8, 1), (8, 2)):
            conv = nn.Conv2d(
                channels, multiple * width, kernel_size=3, stride=stride, padding=1, bias=bias
            )
            channels = multiple * width
            layers += [conv, make_norm(channels), nn.LeakyReLU(0.2)]
        pixels = math.prod(math.ceil(side / 16) for side in size)
        dense = nn.Linear(channels * pixels, 16 * width)
        self.model = nn.Sequential(
            *layers, nn.Flatten(), dense, nn.LeakyReLU(0.2), nn.Linear(16 * width, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        require_image_size(x, self.size)
        return self.model(x)


def upscale(images: Tensor, scale: int) -> Tensor:
    """Return `images` with sides `scale` times as long, by bicubic interpolation."""
    if scale == 1:
        return images
    return F.interpolate(images, scale_factor=scale, mode="bicubic")
