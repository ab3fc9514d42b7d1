"""The U-Net generator of pix2pix: an encoder and a decoder with skip connections."""

from collections import OrderedDict
from functools import partial
from typing import Annotated

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.nn.geometry import Geometry
from translate.nn.norms import BIAS, NORM, conv_bias, norm_layer
from translate_plugins.networks.upsampling import UpsampleOption, upsampler


class UnetGenerator(nn.Module):
    """U-Net generator of pix2pix: images (N, C, H, W) in [-1, 1] to images of the same size.

    Isola et al. (2017), section 6.1.1: ``C64-C128-C256-C512-C512-C512-C512-C512`` and back up.
    Dropout follows decoder layers 2, 3 and 4, as in the authors' PyTorch code (1, 2 and 3 in the
    paper). State-dict keys are those of published checkpoints.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width: Annotated[PositiveInt, "channels after the first layer"] = 64,
        levels: Annotated[
            int | None,
            Field(le=16),
            "number of downsamplings; default: 8, or as many as a smaller crop allows",
        ] = None,
        norm: Annotated[str, NORM] = "batch",
        bias: Annotated[bool | None, BIAS] = None,
        dropout: Annotated[
            float,
            Field(ge=0, le=1),
            "dropout probability in the inner decoder layers, but not the innermost",
        ] = 0.5,
        upsample: UpsampleOption = "deconv",
        size: Annotated[
            tuple[int, int] | None, "height and width of a training crop, which limits `levels`"
        ] = None,
    ) -> None:
        super().__init__()
        if levels is None:
            levels = max(1, min(8, min(size).bit_length() - 1)) if size else 8
        if levels < 1:
            raise ConfigError(f"levels: expected 1 or more, got {levels}.")
        make_norm, make_upsampling = norm_layer(norm), upsampler(upsample)
        bias = conv_bias(norm, bias)
        make_downsampling = partial(nn.Conv2d, kernel_size=4, stride=2, padding=1, bias=bias)
        widths = [width * min(2**level, 8) for level in range(levels)]

        # built from the innermost level outwards; a level contains all levels inside it
        inner_level: list[nn.Module] = []
        for level in range(levels - 1, 0, -1):
            outer_width, inner_width = widths[level - 1], widths[level]
            is_innermost = not inner_level
            inner_norm = [] if is_innermost else [make_norm(inner_width)]
            decoder_width = inner_width if is_innermost else 2 * inner_width
            has_dropout = dropout and not is_innermost and level > 3
            inner_level = [
                Level(
                    nn.LeakyReLU(0.2),
                    make_downsampling(outer_width, inner_width),
                    *inner_norm,
                    *inner_level,
                    nn.ReLU(),
                    make_upsampling(decoder_width, outer_width, kernel=4, bias=bias),
                    make_norm(outer_width),
                    *([nn.Dropout(dropout)] if has_dropout else []),
                )
            ]
        outermost_level = nn.Sequential(
            make_downsampling(in_channels, width),
            *inner_level,
            nn.ReLU(),
            make_upsampling(2 * width if inner_level else width, out_channels, kernel=4, bias=True),
            nn.Tanh(),
        )
        # named, so that keys begin with model.model as in published checkpoints
        self.model = nn.Sequential(OrderedDict(model=outermost_level))
        # each level halves the sides; the smallest images have one pixel in the innermost level
        self.geometry = Geometry(multiple_of=2**levels, minimum=2**levels)

    def forward(self, x: Tensor) -> Tensor:
        (height, width), multiple = x.shape[-2:], self.geometry.multiple_of
        if height % multiple or width % multiple:
            raise ConfigError(
                f"a U-Net of {multiple.bit_length() - 1} levels needs sides that divide by "
                f"{multiple}, not {height}x{width}: change the size, or set `levels`."
            )
        return self.model(x)


class Level(nn.Module):
    """Concatenate the input (N, C, H, W) and the output of `layers`: (N, 2C, H, W).

    In the authors' code the first layer, a leaky ReLU, is in place, so the skip connection passes
    on ``leaky_relu(x)``. Here it passes on ``x``, to the same effect: a ReLU always follows, and
    ``relu(leaky_relu(x))`` is ``relu(x)``.
    """

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.model(x)], 1)
