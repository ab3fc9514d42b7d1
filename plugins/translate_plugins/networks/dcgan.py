"""The networks of DCGAN: generator, encoder and discriminator."""

from typing import Annotated

from pydantic import PositiveInt
from torch import Tensor, nn

from translate.nn.norms import NORM, conv_bias, norm_layer
from translate_plugins.networks.patch import leaky_relu_outputs
from translate_plugins.networks.sizes import (
    halvings_and_final_size,
    require_image_size,
    require_latent_vectors,
)
from translate_plugins.networks.upsampling import UpsampleOption, upsampler


class DcganGenerator(nn.Module):
    """DCGAN generator: latent vectors (N, in_channels, 1, 1) to images (N, C, *size) in [-1, 1].

    Radford et al. (2016), section 3 and figure 1: a transposed convolution to 4x4, then
    transposed convolutions that double the sides and halve the channels. Sides that are not powers
    of two start at a larger size, such as 7 for 28. For 64 pixels, state-dict keys are those of
    published checkpoints (pytorch/examples).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width: Annotated[PositiveInt, "channels of the layer at the highest resolution"] = 64,
        norm: Annotated[str, NORM] = "batch",
        upsample: UpsampleOption = "deconv",
        size: Annotated[tuple[int, int], "height and width of a training image"] = (64, 64),
    ) -> None:
        super().__init__()
        make_norm, bias, make_upsampling = norm_layer(norm), conv_bias(norm), upsampler(upsample)
        doublings, start_size = halvings_and_final_size(size)
        width *= 2 ** max(doublings - 1, 0)
        first = nn.ConvTranspose2d(in_channels, width, start_size, bias=bias)
        layers: list[nn.Module] = [first, make_norm(width), nn.ReLU()]
        for _ in range(doublings - 1):
            conv = make_upsampling(width, width // 2, kernel=4, bias=bias)
            width //= 2
            layers += [conv, make_norm(width), nn.ReLU()]
        if doublings:
            last = make_upsampling(width, out_channels, kernel=4, bias=bias)
        else:
            last = nn.ConvTranspose2d(width, out_channels, kernel_size=3, padding=1, bias=bias)
        self.main = nn.Sequential(*layers, last, nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        require_latent_vectors(x)
        return self.main(x)


class DcganEncoder(nn.Module):
    """Convolutional encoder: images (N, C, *size) to latent codes (N, out_channels, 1, 1).

    The layers are those of the discriminator, with codes instead of a logit as output.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width: Annotated[PositiveInt, "channels of the layer at the highest resolution"] = 64,
        norm: Annotated[str, NORM] = "batch",
        size: Annotated[tuple[int, int], "height and width of a training image"] = (64, 64),
    ) -> None:
        super().__init__()
        self.size = size
        self.main = _downsampling_layers(
            in_channels, out_channels, width, norm, size, last_bias=True
        )

    def forward(self, x: Tensor) -> Tensor:
        require_image_size(x, self.size)
        return self.main(x)


class DcganDiscriminator(nn.Module):
    """DCGAN discriminator: images (N, in_channels, *size) to one logit each, (N, 1, 1, 1).

    Radford et al. (2016), section 3: strided convolutions, leaky ReLU, no norm after the first
    layer. ``norm="layer"`` is for a gradient penalty, which is not defined with batch norm
    (Gulrajani et al., 2017, section 4). For 64 pixels, state-dict keys are those of published
    checkpoints.
    """

    def __init__(
        self,
        in_channels: int,
        *,
        width: Annotated[PositiveInt, "channels of the layer at the highest resolution"] = 64,
        norm: Annotated[str, NORM] = "batch",
        size: Annotated[tuple[int, int], "height and width of a training image"] = (64, 64),
    ) -> None:
        super().__init__()
        self.size = size
        self.main = _downsampling_layers(
            in_channels, 1, width, norm, size, last_bias=conv_bias(norm)
        )

    def forward(self, x: Tensor) -> Tensor:
        require_image_size(x, self.size)
        return self.main(x)

    def features(self, x: Tensor) -> list[Tensor]:
        """Return each activation before the logits, for feature matching (Salimans et al., 2016).

        For 64x64 pixels: (N, 64, 32, 32), (N, 128, 16, 16), (N, 256, 8, 8) and (N, 512, 4, 4).
        """
        require_image_size(x, self.size)
        return leaky_relu_outputs(self.main, x)


def _downsampling_layers(
    in_channels: int,
    out_channels: int,
    width: int,
    norm: str,
    size: tuple[int, int],
    *,
    last_bias: bool,
) -> nn.Sequential:
    """Return the layers from images of `size` to (N, out_channels, 1, 1)."""
    make_norm, bias = norm_layer(norm), conv_bias(norm)
    downsamplings, end_size = halvings_and_final_size(size)
    kernel_size, stride = (4, 2) if downsamplings else (3, 1)
    first = nn.Conv2d(in_channels, width, kernel_size, stride=stride, padding=1, bias=bias)
    layers: list[nn.Module] = [first, nn.LeakyReLU(0.2)]
    for _ in range(downsamplings - 1):
        conv = nn.Conv2d(width, 2 * width, kernel_size=4, stride=2, padding=1, bias=bias)
        width *= 2
        layers += [conv, make_norm(width), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(width, out_channels, end_size, bias=last_bias))
