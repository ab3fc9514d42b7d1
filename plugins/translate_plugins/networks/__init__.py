"""Networks: generators, encoders and discriminators.

Image to image: `resnet`, `unet`; `srresnet` for super-resolution; `dilated` for smooth
corrections. Latent vectors to images: `dcgan`, `mlp`. Images to latent codes: `dcgan-encoder`,
`mlp-encoder`. Discriminators of patches or pixels: `patch`, `pixel`; of whole images: `dcgan`,
`mlp`, `vgg`; of several scales: `scales`.
"""

from collections.abc import Callable, Mapping

from torch import nn

from translate import hookimpl
from translate_plugins.networks.dcgan import DcganDiscriminator, DcganEncoder, DcganGenerator
from translate_plugins.networks.dilated import DilatedGenerator
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
