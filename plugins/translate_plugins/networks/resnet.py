"""The ResNet generator of CycleGAN: downsampling, residual blocks, upsampling."""

from functools import partial
from itertools import islice
from typing import Annotated, Literal

from pydantic import Field, PositiveInt
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.nn.geometry import Geometry
from translate.nn.norms import BIAS, NORM, conv_bias, norm_layer
from translate.remedies import Remedy
from translate_plugins.networks.antialiasing import BlurDown, BlurUp
from translate_plugins.networks.upsampling import upsampler


class ResnetGenerator(nn.Module):
    """ResNet generator of CycleGAN: images (N, C, H, W) in [-1, 1] to images of the same size.

    Zhu et al. (2017), appendix 7.2, after Johnson et al. (2016): ``c7s1-64, d128, d256``, residual
    blocks, ``u128, u64, c7s1-3``. State-dict keys are those of published checkpoints.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width: Annotated[PositiveInt, "channels after the first layer"] = 64,
        blocks: Annotated[
            int | None, "number of residual blocks; default: 9, or 6 for crops up to 128"
        ] = None,
        downsamplings: Annotated[int, "number of layers that halve the sides"] = 2,
        norm: Annotated[str, NORM] = "instance",
        bias: Annotated[bool | None, BIAS] = None,
        dropout: Annotated[
            float, Field(ge=0, le=1), "dropout probability in each block; 0.5 in DeblurGAN"
        ] = 0.0,
        upsample: Annotated[
            str,
            "upsampling: deconv; deconv4, of 4x4 as in DeblurGAN of May 2018; or resize, which "
            "avoids checkerboard artifacts",
            Remedy("checkerboard artifacts", "resize"),
        ] = "deconv",
        antialias: Annotated[
            bool | Literal["down", "up"],
            "blur before downsampling and after upsampling, as in CUT; down, up: only one of them",
        ] = False,
        padding: Annotated[
            Literal["reflect", "zero"],
            "padding of the convolutions that keep the sides; zero in the authors' code before "
            "July 2017",
        ] = "reflect",
        size: Annotated[
            tuple[int, int] | None, "height and width of a training crop, which sets `blocks`"
        ] = None,
    ) -> None:
        super().__init__()
        if blocks is None:
            blocks = 6 if size and max(size) <= 128 else 9
        if blocks < 1:
            raise ConfigError(f"blocks: expected 1 or more, got {blocks}.")
        blurs_down, blurs_up = antialias in (True, "down"), antialias in (True, "up")
        if blurs_up and upsample != "deconv":
            raise ConfigError("upsample: antialias includes upsampling: set only one of them.")
        make_norm, make_upsampling = norm_layer(norm), upsampler(upsample)
        bias = conv_bias(norm, bias)

        reflect = padding == "reflect"
        first = same_size_conv(in_channels, width, kernel=7, bias=bias, reflect=reflect)
        layers = [*first, make_norm(width), nn.ReLU()]
        self._feature_indices = [0]
        block = partial(ResidualBlock, norm=norm, dropout=dropout, bias=bias, reflect=reflect)
        for _ in range(downsamplings):
            self._feature_indices.append(len(layers))
            stride = 1 if blurs_down else 2
            down = nn.Conv2d(width, 2 * width, kernel_size=3, stride=stride, padding=1, bias=bias)
            width *= 2
            layers += [down, make_norm(width), nn.ReLU()]
            layers += [BlurDown(width)] if blurs_down else []
        self._feature_indices += [len(layers), len(layers) + blocks // 2]
        layers += [block(width) for _ in range(blocks)]
        for _ in range(downsamplings):
            layers += (
                [BlurUp(width), nn.Conv2d(width, width // 2, 3, padding=1, bias=bias)]
                if blurs_up
                else [make_upsampling(width, width // 2, kernel=3, bias=bias)]
            )
            width //= 2
            layers += [make_norm(width), nn.ReLU()]
        last = same_size_conv(width, out_channels, kernel=7, bias=True, reflect=reflect)
        layers += [*last, nn.Tanh()]
        self.model = nn.Sequential(*layers)

        # Other sides would grow. Reflection padding needs 4 pixels in the first layer, 2 in blocks.
        self.geometry = Geometry(multiple_of=2**downsamplings, minimum=max(4, 2 * 2**downsamplings))

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)

    def features(self, x: Tensor) -> list[Tensor]:
        """Return features of the encoder, for contrastive losses (Park et al., 2020, appendix C.2).

        These are the padded input (N, in_channels, H + 6, W + 6), or with zero padding the output
        of the first convolution (N, width, H, W); the output of each downsampling convolution
        before the norm: (N, 2 * width, H / 2, W / 2), (N, 4 * width, H / 4, W / 4), or twice these
        sides with `antialias`; and the outputs of the first and the middle block, of (N, 4 * width,
        H / 4, W / 4). A single block is both.
        """
        _, features = self._run(x, self._feature_indices[-1] + 1)
        return features

    def output_and_features(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return output and features in one forward pass."""
        return self._run(x, len(self.model))

    def _run(self, x: Tensor, layer_count: int) -> tuple[Tensor, list[Tensor]]:
        """Return the output of the first `layer_count` layers, and the features of these."""
        features = []
        for index, layer in enumerate(islice(self.model, layer_count)):
            x = layer(x)
            if index in self._feature_indices:
                features.append(x)
        return x, features


class ResidualBlock(nn.Module):
    """Residual block of two 3x3 convolutions: (N, channels, H, W) to the same (He et al., 2016)."""

    def __init__(
        self, channels: int, *, norm: str, dropout: float, bias: bool, reflect: bool
    ) -> None:
        super().__init__()
        make_norm = norm_layer(norm)
        self.conv_block = nn.Sequential(
            *same_size_conv(channels, channels, kernel=3, bias=bias, reflect=reflect),
            make_norm(channels),
            nn.ReLU(),
            *([nn.Dropout(dropout)] if dropout else []),
            *same_size_conv(channels, channels, kernel=3, bias=bias, reflect=reflect),
            make_norm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)


def same_size_conv(
    in_channels: int, out_channels: int, *, kernel: int, bias: bool, reflect: bool
) -> list[nn.Module]:
    """Return the layers of a convolution that keeps the sides: padding by reflection, or by zeros.

    With zeros there is no padding layer, so the numbers of later layers, and with them the keys of
    the state dict, are lower, as in published checkpoints.
    """
    padding = kernel // 2
    if reflect:
        conv = nn.Conv2d(in_channels, out_channels, kernel, bias=bias)
        return [nn.ReflectionPad2d(padding), conv]
    return [nn.Conv2d(in_channels, out_channels, kernel, padding=padding, bias=bias)]
