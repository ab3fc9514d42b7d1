"""The discriminators of pix2pix and CycleGAN: of patches or single pixels."""

from functools import partial
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, PositiveInt
from torch import Tensor, nn

from translate.nn.geometry import Geometry
from translate.nn.norms import BIAS, NORM, conv_bias, norm_layer
from translate_plugins.networks.antialiasing import BlurDown


class PatchDiscriminator(nn.Module):
    """PatchGAN: images (N, in_channels, H, W) to logits (N, 1, h, w) of overlapping patches.

    Isola et al. (2017), section 6.1.2: ``C64-C128-C256-C512`` has patches of 70x70 pixels, and
    30x30 logits for images of 256x256 pixels. With 1 layer, patches have 16x16 pixels, with 5
    layers 286x286. State-dict keys are those of published checkpoints.
    """

    def __init__(
        self,
        in_channels: int,
        *,
        width: Annotated[PositiveInt, "channels after the first layer"] = 64,
        layers: Annotated[
            int,
            Field(ge=0, le=16),
            "number of stride-2 layers before the last hidden layer; 3: patches of 70x70 pixels; "
            "0: one stride-2 layer, and no other hidden layer",
        ] = 3,
        norm: Annotated[str, NORM] = "instance",
        bias: Annotated[bool | None, BIAS] = None,
        padding: Annotated[
            Literal[1, 2], "zero padding of each convolution; 2 in pix2pixHD and DeblurGAN"
        ] = 1,
        antialias: Annotated[bool, "blur before downsampling, as in CUT"] = False,
    ) -> None:
        super().__init__()
        make_norm, bias = norm_layer(norm), conv_bias(norm, bias)
        conv4x4 = partial(nn.Conv2d, kernel_size=4, padding=padding)
        widths = [width * min(2**layer, 8) for layer in range(layers + 1)]
        modules: list[nn.Module] = []
        for layer, (in_width, out_width) in enumerate(pairwise([in_channels, *widths])):
            is_first = layer == 0
            is_downsampling = layer < layers or is_first
            stride = 2 if is_downsampling and not antialias else 1
            modules.append(conv4x4(in_width, out_width, stride=stride, bias=bias or is_first))
            modules += [] if is_first else [make_norm(out_width)]
            modules.append(nn.LeakyReLU(0.2))
            modules += [BlurDown(out_width)] if is_downsampling and antialias else []
        self.model = nn.Sequential(*modules, conv4x4(widths[-1], 1, stride=1))
        # Smaller images leave no logit: with padding 1, stride-1 layers reduce sides by a pixel.
        smallest = 3 * 2**layers if layers else 4
        self.geometry = Geometry(minimum=smallest if padding == 1 else 2, scale=0)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)

    def features(self, x: Tensor) -> list[Tensor]:
        """Return the activations before the logits, for feature matching (Wang et al., 2018).

        By default: (N, 64, H/2, W/2), (N, 128, H/4, W/4), (N, 256, H/8, W/8) and
        (N, 512, H/8 - 1, W/8 - 1).
        """
        return leaky_relu_outputs(self.model, x)

    def output_and_features(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return logits and features in one forward pass."""
        features = self.features(x)
        return self.model[-1](features[-1]), features


class PixelDiscriminator(nn.Module):
    """PixelGAN: images (N, in_channels, H, W) to a logit for each pixel, (N, 1, H, W).

    Isola et al. (2017), section 6.1.2, the 1x1 discriminator: ``C64-C128`` of 1x1 convolutions.
    """

    def __init__(
        self,
        in_channels: int,
        *,
        width: Annotated[PositiveInt, "channels after the first layer"] = 64,
        norm: Annotated[str, NORM] = "instance",
        bias: Annotated[bool | None, BIAS] = None,
    ) -> None:
        super().__init__()
        bias = conv_bias(norm, bias)
        self.net = nn.Sequential(
            nn.Conv2d(in_channels, width, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 1, bias=bias),
            norm_layer(norm)(2 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 1, 1, bias=bias),
        )
        self.geometry = Geometry(minimum=2, scale=0)  # one pixel has no variance to normalize

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)

    def features(self, x: Tensor) -> list[Tensor]:
        """Return the two activations before the logits: (N, 64, H, W) and (N, 128, H, W)."""
        return leaky_relu_outputs(self.net, x)


def leaky_relu_outputs(layers: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Return the outputs of the leaky ReLUs before the last layer, for input `x`."""
    features = []
    for layer in layers[:-1]:
        x = layer(x)
        if isinstance(layer, nn.LeakyReLU):
            features.append(x)
    return features
