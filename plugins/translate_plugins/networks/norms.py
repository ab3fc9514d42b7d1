"""Norms and upsampling layers by name."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from translate.errors import ConfigError, suggest

BIAS = (
    "biases of the convolutions before a norm: default none under batch norm, else one; "
    "`norm: none` of the authors' code is {norm: none, bias: false}"
)


class InstanceNorm(nn.Module):
    """Instance norm without weights and running statistics (Ulyanov et al., 2016).

    Each channel of each image (N, C, H, W) gets mean 0 and variance 1; images need more than one
    pixel.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        # Equal to `nn.InstanceNorm2d`, whose gradients are wrong on a CPU for a single image in
        # channels_last format.
        return F.group_norm(x, self.channels, eps=1e-5)

    def extra_repr(self) -> str:
        return str(self.channels)


NORM = "normalization: instance, instance-affine, batch, layer or none"

NORMS: Mapping[str, Callable[[int], nn.Module]] = {
    "instance": InstanceNorm,
    "instance-affine": lambda channels: nn.GroupNorm(channels, channels),  # with weights
    "batch": nn.BatchNorm2d,
    "layer": partial(nn.GroupNorm, 1),  # over all channels and pixels of an image
    "none": nn.Identity,
}
VECTOR_NORMS: Mapping[str, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm1d,
    "layer": nn.LayerNorm,
    "none": nn.Identity,
}


def norm_layer(name: str) -> Callable[[int], nn.Module]:
    """Return the factory of a norm of images by name; it takes the number of channels."""
    return _choose("norm", name, NORMS)


def vector_norm_layer(name: str) -> Callable[[int], nn.Module]:
    """Return the factory of a norm of vectors (N, units) by name; it takes the number of units."""
    return _choose("norm", name, VECTOR_NORMS)


def bias_before(norm: str, bias: bool | None = None) -> bool:
    """Return whether a convolution before this norm has a bias; by default, not before batch norm.

    Before instance norm a bias has no effect, but published checkpoints have it. The code of
    pix2pix and CycleGAN has biases before instance norm only: its ``none`` is ``norm="none",
    bias=False``. Here layers without norm have a bias by default, as they could not shift their
    output otherwise.
    """
    return norm != "batch" if bias is None else bias


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
    return _choose("upsample", name, UPSAMPLERS)


def _choose(option: str, name: str, known: Mapping[str, Any]) -> Any:
    if name not in known:
        raise ConfigError(f"{option}: there is no {name!r}.{suggest(name, known)}")
    return known[name]
