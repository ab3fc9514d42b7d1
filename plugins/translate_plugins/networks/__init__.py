"""Networks: `resnet` and `unet` draw images, `patch` and `pixel` score them."""

from collections.abc import Callable, Mapping

from torch import nn

from translate import hookimpl
from translate_plugins.networks.patch import PatchDiscriminator, PixelDiscriminator
from translate_plugins.networks.resnet import ResnetGenerator
from translate_plugins.networks.unet import UnetGenerator


@hookimpl
def register_generators() -> Mapping[str, Callable[..., nn.Module]]:
    return {"resnet": ResnetGenerator, "unet": UnetGenerator}


@hookimpl
def register_discriminators() -> Mapping[str, Callable[..., nn.Module]]:
    return {"patch": PatchDiscriminator, "pixel": PixelDiscriminator}
