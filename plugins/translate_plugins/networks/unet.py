"""The U-Net generator of pix2pix: an encoder and a decoder with skip connections."""

from collections import OrderedDict
from functools import partial
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.nn.geometry import Geometry
from translate.nn.norms import BIAS, NORM, bias_before, norm_layer
from translate.remedies import Remedy
from translate_plugins.networks.upsampling import upsample_layer


class UnetGenerator(nn.Module):
    """U-Net generator of pix2pix: images (N, C, H, W) in [-1, 1] to images of the same size.

    Isola et al. (2017), section 6.1.1: ``C64-C128-C256-C512-C512-C512-C512-C512`` and back up.
    Dropout is where the authors' PyTorch code has it, in all levels of 512 channels to 512 but the
    innermost, one level further out than the paper says. Keys are those of published checkpoints.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width: Annotated[int, Field(gt=0), "channels after the first layer"] = 64,
        levels: Annotated[
            int | None,
            Field(le=16),
            "number of downsamplings; default: 8, or as many as a smaller crop allows",
        ] = None,
        norm: Annotated[str, NORM] = "batch",
        bias: Annotated[bool | None, BIAS] = None,
        dropout: Annotated[
            float, Field(ge=0, le=1), "dropout probability in the inner levels"
        ] = 0.5,
        upsample: Annotated[
            str,
            "upsampling: deconv, or resize, which avoids checkerboard artifacts",
            Remedy("checkerboard artifacts", "resize"),
        ] = "deconv",
        size: Annotated[
            tuple[int, int] | None, "height and width of a training crop, which limits `levels`"
        ] = None,
    ) -> None:
        super().__init__()
        if levels is None:
            levels = max(1, min(8, min(size).bit_length() - 1)) if size else 8
        if levels < 1:
            raise ConfigError(f"levels: expected 1 or more, got {levels}.")
        normed, doubled = norm_layer(norm), upsample_layer(upsample)
        bias = bias_before(norm, bias)
        halved = partial(nn.Conv2d, kernel_size=4, stride=2, padding=1, bias=bias)
        widths = [width * min(2**level, 8) for level in range(levels)]

        inside: list[nn.Module] = []  # from the innermost level, which holds nothing, outwards
        for level in range(levels - 1, 0, -1):
            outer, inner = widths[level - 1], widths[level]
            drops = dropout and inside and level > 3
            inside = [
                Level(
                    nn.LeakyReLU(0.2),
                    halved(outer, inner),
                    *([normed(inner), *inside] if inside else []),
                    nn.ReLU(),
                    doubled(2 * inner if inside else inner, outer, 4, bias),
                    normed(outer),
                    *([nn.Dropout(dropout)] if drops else []),
                )
            ]
        whole = nn.Sequential(
            halved(in_channels, width),
            *inside,
            nn.ReLU(),
            doubled(2 * width if inside else width, out_channels, 4, True),
            nn.Tanh(),
        )
        self.model = nn.Sequential(OrderedDict(model=whole))  # so keys begin with model.model
        # every level halves the sides, down to one pixel
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
    """Concatenate the input (N, C, H, W) and the output of the inner levels: (N, 2C, H, W).

    In the authors' code the activation is in place, so the skip connection has ``leaky_relu(x)``. A
    ReLU always follows, and ``relu(leaky_relu(x))`` is ``relu(x)``, so the input gives the same.
    """

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.model(x)], 1)
