"""Recognition of published networks that no recipe has, for an error that names the network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from translate.errors import CheckpointError
from translate.importers import ForeignWeights
from translate_plugins.importers.generators import read_generator

if TYPE_CHECKING:
    from torch import Tensor

REPOSITORY = "pytorch-CycleGAN-and-pix2pix"
PIX2PIXHD = "a generator of pix2pixHD, which the plugin translate-pix2pixhd imports"
DESCRIPTIONS = {
    r"fpn\..+": "keys of a DeblurGANv2 FPN",
    r"UpBlock1_1\..+": "a generator of U-GAT-IT",
    r"gap_fc\.weight_orig": "a discriminator of U-GAT-IT",
    r"deconv\d_attention\..+": "a generator of AttentionGAN",
    r"enc_style\..+": "a generator of MUNIT",
    r"enc(_content)?\.model\..+": "a generator of UNIT or MUNIT",
    r"cnns\.0\..+": "a discriminator of MUNIT",
    r"main\.\d+\.main\.0\.weight": "a generator of StarGAN",
    r"main\.\d+\.res\.1\.weight": "a generator of CycleGAN-PyTorch (Lornatang), with running "
    "statistics in its instance norms",
    r"model\.\d+\.block\.1\.weight": "a generator of PyTorch-GAN, with other upsampling",
    r"down1\.model\.0\.weight": "a U-Net of PyTorch-GAN, with another last layer",
    r"head_0\..+": "a generator of SPADE",
    r"(en|de)coder\.convs\..+": "a StyleGAN2 generator of CUT",
    r"model2_1\..+": "a generator of pix2pixHD with several local enhancers",
    r"model1_1\.1\.weight": PIX2PIXHD,
    r"model\.submodule\.down\..+": "a generator of BicycleGAN, with a latent vector at every level",
    r"(scale0_layer0|layer0)\.0\.weight": "a discriminator of pix2pixHD",
    r"mlp_\d\.0\.weight": "the network F of CUT, which only training needs",
    r"net\.0\.weight": f"a discriminator of pixels of {REPOSITORY}",
    r"exp_avg|exp_avg_sq|momentum_buffer": "the state of an optimizer",
}
"""description of a network, by a regular expression that matches one of its keys as a whole"""


class UnsupportedNetworks:
    """Networks that are not supported; the error names them: DeblurGANv2, U-GAT-IT and others."""

    recipes = ()

    def recognizes(self, weights: ForeignWeights) -> bool:
        return describe_network(weights.tensors) is not None

    def convert(
        self,
        weights: ForeignWeights,
        other: ForeignWeights | None,  # noqa: ARG002
        recipe: str | None,  # noqa: ARG002
    ) -> NoReturn:
        raise CheckpointError(
            f"{weights.name}: {describe_network(weights.tensors)}: not supported. Expected a "
            f"generator, such as latest_net_G.pth of {REPOSITORY}, CUT or DeblurGAN."
        )


def describe_network(tensors: Mapping[str, Tensor]) -> str | None:
    """Return a description of the network that has these keys and shapes, or None if unknown."""
    for pattern, text in DESCRIPTIONS.items():
        if any(re.fullmatch(pattern, key) for key in tensors):
            return text
    return _describe_sequence(tensors)


def _describe_sequence(tensors: Mapping[str, Tensor]) -> str | None:
    """Return a description of a network with layers ``model.0``, ``model.1`` and so on."""
    if not all(key.startswith("model.") for key in tensors):
        return None
    blocks = {key.split(".conv_block.")[1] for key in tensors if ".conv_block." in key}
    if blocks:
        if (generator := read_generator(tensors)) and generator.part["downsamplings"] > 2:
            return PIX2PIXHD
        if "0.weight" in blocks and "model.1.weight" in tensors:
            return f"a ResNet of {REPOSITORY} with zero padding in its residual blocks only"
        if "1.weight" in blocks and not blocks & {"5.weight", "6.weight"}:
            return "a ResNet of DeblurGAN's code since March 2019, of residual blocks of one layer"
        return None
    first = tensors.get("model.0.weight")
    weights = [t for key, t in tensors.items() if t.ndim == 4 and key.endswith(".weight")]
    if first is not None and first.shape[2:] == (4, 4) and len(weights[-1]) == 1:
        blurred = any(key.endswith(".filt") for key in tensors)
        return f"a PatchGAN discriminator of {'CUT' if blurred else REPOSITORY}"
    if weights and weights[0].shape[2:] == (7, 7) == weights[-1].shape[2:]:
        return "the feature encoder of pix2pixHD"
    return None
