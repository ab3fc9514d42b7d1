"""Layers that double the sides of images, by name."""

from collections.abc import Callable, Mapping

from torch import nn

from translate.errors import ConfigError, suggest


def deconvolve(inner: int, outer: int, kernel: int, bias: bool) -> nn.Module:
    """Double the sides by a transposed convolution of 3x3 or 4x4, as in the papers."""
    return nn.ConvTranspose2d(
        inner, outer, kernel, stride=2, padding=1, output_padding=4 - kernel, bias=bias
    )


def resize(inner: int, outer: int, _kernel: int, bias: bool) -> nn.Module:
    """Double the sides by repeating pixels, then convolve: no checkerboard (Odena et al., 2016)."""
    return nn.Sequential(
        nn.Upsample(scale_factor=2, mode="nearest"),
        nn.ReflectionPad2d(1),
        nn.Conv2d(inner, outer, 3, bias=bias),
    )


def deconvolve4(inner: int, outer: int, _kernel: int, bias: bool) -> nn.Module:
    """Double the sides by a transposed convolution of 4x4, which the stride of 2 divides."""
    return deconvolve(inner, outer, 4, bias)


UPSAMPLERS: Mapping[str, Callable[[int, int, int, bool], nn.Module]] = {
    "deconv": deconvolve,
    "deconv4": deconvolve4,
    "resize": resize,
}


def upsample_layer(name: str) -> Callable[[int, int, int, bool], nn.Module]:
    """Return the factory of a layer that doubles the sides, by its name in `UPSAMPLERS`.

    It takes the channels in and out, the kernel size of the paper's transposed convolution (3 or 4,
    used by `deconv` alone) and whether there is a bias.
    """
    if name not in UPSAMPLERS:
        raise ConfigError(f"upsample: there is no {name!r}.{suggest(name, UPSAMPLERS)}")
    return UPSAMPLERS[name]
