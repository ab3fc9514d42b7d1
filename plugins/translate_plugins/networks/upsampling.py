"""Layers that double the sides of images, by name."""

from collections.abc import Mapping
from typing import Annotated, Protocol

from torch import nn

from translate.errors import ConfigError, suggest
from translate.remedies import Remedy

UpsampleOption = Annotated[
    str,
    "upsampling: deconv, or resize, which avoids checkerboard artifacts",
    Remedy("checkerboard artifacts", "resize"),
]


class Upsampler(Protocol):
    """Returns a layer that doubles the sides of images."""

    def __call__(
        self, in_channels: int, out_channels: int, *, kernel: int, bias: bool
    ) -> nn.Module:
        """Return the layer; `kernel` is the side of the paper's transposed convolution: 3 or 4."""
        ...


def deconvolve(in_channels: int, out_channels: int, *, kernel: int, bias: bool) -> nn.Module:
    """Double the sides by a transposed convolution of 3x3 or 4x4, as in the papers."""
    return nn.ConvTranspose2d(
        in_channels, out_channels, kernel, stride=2, padding=1, output_padding=4 - kernel, bias=bias
    )


def deconvolve4(in_channels: int, out_channels: int, *, kernel: int, bias: bool) -> nn.Module:  # noqa: ARG001 - always 4
    """Double the sides by a transposed convolution of 4x4: 4 is a multiple of the stride."""
    return deconvolve(in_channels, out_channels, kernel=4, bias=bias)


def resize(in_channels: int, out_channels: int, *, kernel: int, bias: bool) -> nn.Module:  # noqa: ARG001 - always 3
    """Double the sides by repeating pixels, then convolve (Odena et al., 2016)."""
    return nn.Sequential(
        nn.Upsample(scale_factor=2, mode="nearest"),
        nn.ReflectionPad2d(1),
        nn.Conv2d(in_channels, out_channels, 3, bias=bias),
    )


UPSAMPLERS: Mapping[str, Upsampler] = {
    "deconv": deconvolve,
    "deconv4": deconvolve4,
    "resize": resize,
}


def upsampler(name: str) -> Upsampler:
    """Return the factory of upsampling layers of this name; raises `ConfigError` for others."""
    if name not in UPSAMPLERS:
        raise ConfigError(f"upsample: there is no {name!r}.{suggest(name, UPSAMPLERS)}")
    return UPSAMPLERS[name]
