"""Networks: `resnet`, `unet` and `enhancer` translate images, `patch` and `pixel` score them.

`scales` scores them at several sizes, by a discriminator for each.
`srresnet` enlarges them, and `vgg` scores large ones as a whole.
`dilated` draws corrections of them, which look far around.

`dcgan` and `mlp` draw images from noise, or score whole ones; `dcgan-encoder` and `mlp-encoder`
bring an image to a code.
"""

from collections.abc import Callable, Mapping

from torch import nn

from translate import hookimpl
from translate_plugins.networks.dcgan import DcganDiscriminator, DcganEncoder, DcganGenerator
from translate_plugins.networks.dilated import DilatedGenerator
from translate_plugins.networks.enhancer import EnhancerGenerator
from translate_plugins.networks.mlp import MlpDiscriminator, MlpEncoder, MlpGenerator
from translate_plugins.networks.patch import PatchDiscriminator, PixelDiscriminator
from translate_plugins.networks.resnet import ResnetGenerator
from translate_plugins.networks.scales import ScalesDiscriminator
from translate_plugins.networks.srresnet import SrResnet, VggDiscriminator
from translate_plugins.networks.unet import UnetGenerator


@hookimpl
def register_generators() -> Mapping[str, Callable[..., nn.Module]]:
    return {
        "resnet": ResnetGenerator,
        "unet": UnetGenerator,
        "enhancer": EnhancerGenerator,
        "srresnet": SrResnet,
        "dilated": DilatedGenerator,
        "dcgan": DcganGenerator,
        "dcgan-encoder": DcganEncoder,
        "mlp": MlpGenerator,
        "mlp-encoder": MlpEncoder,
    }


@hookimpl
def register_discriminators() -> Mapping[str, Callable[..., nn.Module]]:
    return {
        "patch": PatchDiscriminator,
        "pixel": PixelDiscriminator,
        "scales": ScalesDiscriminator,
        "vgg": VggDiscriminator,
        "dcgan": DcganDiscriminator,
        "mlp": MlpDiscriminator,
    }
