"""Normalization layers by name, and the biases of the convolutions before them."""

from collections.abc import Callable, Mapping
from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from translate.errors import ConfigError, suggest

BIAS = (
    "add a bias to the convolutions before a norm; default: false before batch norm, else true; "
    "`norm: none` of the code of Isola et al. is {norm: none, bias: false}"
)
"""description of an option that `conv_bias` takes"""


class InstanceNorm(nn.Module):
    """Instance norm without weights and running statistics (Ulyanov et al., 2016).

    Each channel of each image (N, C, H, W) gets mean 0 and variance 1; images need more than one
    pixel.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        # Equal to `nn.InstanceNorm2d`, which has wrong gradients on a CPU for a single image in
        # channels_last format.
        return F.group_norm(x, self.channels, eps=1e-5)

    def extra_repr(self) -> str:
        return str(self.channels)


NORM = "normalization: instance, instance-affine, batch, layer or none"
"""description of an option that `norm_layer` takes"""
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
    """Return the factory of a normalization layer for feature maps (N, C, H, W); it takes C."""
    return _find_norm(name, NORMS)


def vector_norm_layer(name: str) -> Callable[[int], nn.Module]:
    """Return the factory of a normalization layer for vectors (N, C); it takes C."""
    return _find_norm(name, VECTOR_NORMS)


def conv_bias(norm: str, bias: bool | None = None) -> bool:
    """Return whether a convolution before this norm has a bias: `bias`, or the default for None.

    By default, convolutions before batch norm have no bias, and all others have one. A bias before
    instance norm has no effect, but published checkpoints contain it. The code of pix2pix and
    CycleGAN has biases before instance norm only: its ``none`` is ``norm="none", bias=False`` here,
    where layers without norm have a bias by default, as they could not shift their output
    otherwise.
    """
    return norm != "batch" if bias is None else bias


def _find_norm(
    name: str, norms: Mapping[str, Callable[[int], nn.Module]]
) -> Callable[[int], nn.Module]:
    if name not in norms:
        raise ConfigError(f"norm: there is no {name!r}.{suggest(name, norms)}")
    return norms[name]
