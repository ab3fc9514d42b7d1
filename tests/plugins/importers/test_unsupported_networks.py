"""Networks that cannot be imported are named."""

import pytest
import torch
from authors_networks import AuthorsDiscriminator, AuthorsResnet
from conversions import Tensors, convert, recognized_by

from translate.errors import TranslateError


def one(key: str, *shape: int) -> Tensors:
    return {key: torch.zeros(shape)}


@pytest.mark.parametrize(
    ("tensors", "what"),
    [
        (AuthorsDiscriminator(4).state_dict(), "a PatchGAN discriminator of pytorch-CycleGAN"),
        (
            AuthorsDiscriminator(4).state_dict() | one("model.2.filt", 4, 1, 3, 3),
            "a PatchGAN discriminator of CUT",
        ),
        (one("mlp_0.0.weight", 256, 3), "the network F of CUT"),
        (one("scale0_layer0.0.weight", 64, 6, 4, 4), "a discriminator of pix2pixHD"),
        (
            one("model1_1.1.weight", 4, 3, 7, 7) | one("model2_1.1.weight", 4, 3, 7, 7),
            "several local enhancers",
        ),
        (one("model1_1.1.weight", 4, 3, 7, 7), "which the plugin translate-pix2pixhd imports"),
        (AuthorsResnet(4, 1, downsamplings=4).state_dict(), "the plugin translate-pix2pixhd"),
        (one("model.1.weight", 4, 3, 7, 7), "the feature encoder of pix2pixHD"),
        (one("fpn.td1.0.weight", 4, 4, 3, 3), "keys of a DeblurGANv2 FPN: not supported"),
        (one("model.10.conv_block.1.weight", 4, 4, 3, 3), "residual blocks of one layer"),
        (
            one("model.1.weight", 4, 3, 7, 7) | one("model.9.conv_block.0.weight", 4, 4, 3, 3),
            "zero padding in its residual blocks only",
        ),
        (one("UpBlock1_1.conv1.weight", 4, 4, 3, 3), "a generator of U-GAT-IT"),
        (one("deconv1_attention.weight", 4, 4, 3, 3), "a generator of AttentionGAN"),
        (one("exp_avg", 3), "the state of an optimizer"),
    ],
)
def test_networks_that_cannot_be_imported_are_named(tensors: Tensors, what: str) -> None:
    assert recognized_by(tensors) == ["other-networks"]
    with pytest.raises(TranslateError, match=what):
        convert("other-networks", tensors)
