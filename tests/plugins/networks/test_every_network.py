"""All networks: options, published numbers of parameters, sizes of outputs and messages."""

import inspect
from typing import Annotated, get_origin

import pytest
import torch
from network_checks import FACTORIES, NORM_NONE_OF_PIX2PIX, on_meta

from translate.errors import ConfigError
from translate_plugins.networks.dcgan import DcganDiscriminator, DcganEncoder, DcganGenerator
from translate_plugins.networks.mlp import MlpDiscriminator, MlpEncoder, MlpGenerator
from translate_plugins.networks.patch import PatchDiscriminator, PixelDiscriminator
from translate_plugins.networks.resnet import ResnetGenerator
from translate_plugins.networks.scales import ScalesDiscriminator
from translate_plugins.networks.srresnet import SrResnet, VggDiscriminator
from translate_plugins.networks.unet import UnetGenerator


@pytest.mark.parametrize("factory", FACTORIES)
def test_every_option_is_keyword_only_and_has_a_description(factory):
    _, *parameters = inspect.signature(factory.__init__).parameters.values()
    for option in parameters:
        if option.name not in ("in_channels", "out_channels"):
            assert option.kind is option.KEYWORD_ONLY
            assert get_origin(option.annotation) is Annotated
            assert any(isinstance(item, str) for item in option.annotation.__metadata__)


@pytest.mark.parametrize(
    ("network", "parameters", "state_dict_entries"),
    [
        (on_meta(ResnetGenerator, 3, 3), 11_378_179, 48),
        (on_meta(ResnetGenerator, 3, 3, dropout=0.5), 11_378_179, 48),
        (on_meta(ResnetGenerator, 3, 3, blocks=6), 7_837_699, 36),
        # filters of the blurs are constant buffers: entries of the state dict, but no parameters
        (on_meta(ResnetGenerator, 3, 3, antialias=True), 11_378_179, 52),
        (on_meta(ResnetGenerator, 3, 3, antialias="down"), 11_378_179, 50),
        (on_meta(ResnetGenerator, 3, 3, padding="zero"), 11_378_179, 48),
        # kernels of 16 weights, not 9, in two layers: 7 * (256 * 128 + 128 * 64) more weights
        (on_meta(ResnetGenerator, 3, 3, upsample="deconv4"), 11_378_179 + 286_720, 48),
        # 2 * (64 + 128 + 256) + 18 * 2 * 256 + 2 * (128 + 64) weights of norms
        (on_meta(ResnetGenerator, 3, 3, norm="instance-affine"), 11_378_179 + 10_496, 94),
        # the generator of pix2pixHD, for label maps of 36 classes
        (on_meta(ResnetGenerator, 36, 3, downsamplings=4), 182_546_755, 56),
        (on_meta(UnetGenerator, 3, 3), 54_413_955, 82),
        (on_meta(UnetGenerator, 3, 3, levels=7), 41_828_995, 70),
        (on_meta(PatchDiscriminator, 3), 2_764_737, 10),
        (on_meta(PatchDiscriminator, 6, norm="batch"), 2_768_705, 22),
        (on_meta(PatchDiscriminator, 3, norm="instance-affine"), 2_766_529, 16),
        (on_meta(PatchDiscriminator, 3, antialias=True), 2_764_737, 13),
        # 16 * (6 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512) + 64 + 128 + 256 + 512 + 1, twice
        (on_meta(ScalesDiscriminator, 6), 2 * 2_767_809, 20),
        # 6 * 64 + 64, 64 * 128, 2 * 128, 128; without norm 3 * 64 + 64, 65 * 128, 129
        (on_meta(PixelDiscriminator, 6, norm="batch"), 9_024, 9),
        (on_meta(PixelDiscriminator, 3), 8_705, 6),
        # without norms, the authors' code has biases only in the first and last layers of
        # discriminators and in the last layer of generators: 64 + 128 + 256 + 18 * 256 + 128 + 64
        # fewer in the ResNet; 2 * (128 + 256 + 4 * 512) + 2 * (4 * 512 + 256 + 128 + 64) affine
        # weights fewer in the U-Net; 128 + 256 + 512 biases fewer in the PatchGAN;
        # 3 * 64 + 64, 64 * 128 and 128 weights in the pixel discriminator
        (on_meta(ResnetGenerator, 3, 3, **NORM_NONE_OF_PIX2PIX), 11_378_179 - 5_248, 25),
        (on_meta(UnetGenerator, 3, 3, **NORM_NONE_OF_PIX2PIX), 54_413_955 - 9_856, 17),
        (on_meta(PatchDiscriminator, 3, **NORM_NONE_OF_PIX2PIX), 2_764_737 - 896, 7),
        (on_meta(PixelDiscriminator, 3, **NORM_NONE_OF_PIX2PIX), 8_576, 4),
        # 16 * (100 * 512 + 512 * 256 + 256 * 128 + 128 * 64 + 64 * 3), norms 2 * (512 + ... + 64)
        (on_meta(DcganGenerator, 100, 3), 3_576_704, 25),
        # 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512), norms 2 * (128 + 256 + 512)
        (on_meta(DcganDiscriminator, 3), 2_765_568, 20),
        # the same, but 16 * 512 * 100 + 100 in the last layer
        (on_meta(DcganEncoder, 3, 100), 3_576_676, 21),
        # 49 * 100 * 128 + 16 * (128 * 64 + 64), norms 2 * (128 + 64)
        (on_meta(DcganGenerator, 100, 1, size=(28, 28)), 759_680, 13),
        # 16 * (64 + 64 * 128) + 49 * 128, norm 2 * 128
        (on_meta(DcganDiscriminator, 1, size=(28, 28)), 138_624, 8),
        # 64 + 128 + 1 biases more, and the affine weights of the norm as above
        (on_meta(DcganDiscriminator, 1, norm="layer", size=(28, 28)), 138_817, 8),
        # 100 * 512 + 2 * 512 * 512 + 513 * 784, norms 3 * 2 * 512
        (on_meta(MlpGenerator, 100, 1), 980_752, 20),
        # 784 * 512 + 2 * 512 * 512 + 513 * 10, norms 3 * 2 * 512
        (on_meta(MlpEncoder, 1, 10), 933_898, 20),
        # 785 * 512 + 513 * 512 + 513
        (on_meta(MlpDiscriminator, 1), 665_089, 6),
        # 9 * 512 + 513 * 512 + 513
        (on_meta(MlpDiscriminator, 8, size=(1, 1)), 267_777, 6),
        # 243 * 64 + 65, sixteen of 18 * 64**2 + 4 * 64 + 1, 9 * 64**2 + 2 * 64,
        # 9 * 64 * 256 + 257 for each upsampling by 2, 81 * 64 * 3 + 3
        (on_meta(SrResnet, 3, 3, scale=4), 1_547_350, 225),
        (on_meta(SrResnet, 3, 3), 1_547_350 - 2 * 147_713, 225 - 2 * 3),
        # 28 * 64, 9 * (64**2 * (1 + 2 + 4 + 8 + 16 + 32 + 64)), norms 2 * 64 * (1 + 4 + 8 + 16),
        # 6 * 6 * 512 * 1024 + 1024, 1025
        (on_meta(VggDiscriminator, 3), 23_563_649, 48),
        # the last feature map has 2x3 pixels instead of 6x6
        (on_meta(VggDiscriminator, 3, size=(17, 48)), 23_563_649 - 30 * 512 * 1024, 48),
    ],
)
def test_a_network_has_the_published_number_of_parameters(network, parameters, state_dict_entries):
    assert sum(p.numel() for p in network.parameters()) == parameters
    assert len(network.state_dict()) == state_dict_entries


@pytest.mark.parametrize(
    ("network", "input_shape", "output_shape"),
    [
        (on_meta(ResnetGenerator, 3, 1), (2, 3, 256, 256), (2, 1, 256, 256)),
        (on_meta(ResnetGenerator, 1, 3, downsamplings=3), (1, 1, 64, 120), (1, 3, 64, 120)),
        (on_meta(UnetGenerator, 3, 1), (2, 3, 256, 512), (2, 1, 256, 512)),
        (on_meta(UnetGenerator, 1, 3, levels=1), (1, 1, 2, 6), (1, 3, 2, 6)),
        (on_meta(PatchDiscriminator, 3), (2, 3, 256, 256), (2, 1, 30, 30)),
        (on_meta(PatchDiscriminator, 3), (1, 3, 70, 70), (1, 1, 6, 6)),
        (on_meta(PatchDiscriminator, 6, layers=5), (1, 6, 256, 256), (1, 1, 6, 6)),
        (on_meta(PixelDiscriminator, 3), (2, 3, 256, 256), (2, 1, 256, 256)),
        (on_meta(SrResnet, 3, 1), (2, 3, 5, 7), (2, 1, 5, 7)),
        (on_meta(SrResnet, 1, 3, scale=2), (2, 1, 24, 24), (2, 3, 48, 48)),
        (on_meta(SrResnet, 3, 3, scale=8), (1, 3, 1, 2), (1, 3, 8, 16)),
        (on_meta(VggDiscriminator, 6), (2, 6, 96, 96), (2, 1)),
        (on_meta(VggDiscriminator, 1, size=(17, 48)), (2, 1, 17, 48), (2, 1)),
    ],
)
def test_a_network_has_an_output_of_the_expected_size(network, input_shape, output_shape):
    assert network(torch.empty(input_shape, device="meta")).shape == output_shape


@pytest.mark.parametrize(
    ("network", "too_small"),
    [
        (ResnetGenerator(3, 3, width=4, blocks=1), 4),
        (ResnetGenerator(3, 3, width=4, blocks=1, downsamplings=0), 3),
        (ResnetGenerator(3, 3, width=4, blocks=1, downsamplings=1, upsample="resize"), 2),
        (UnetGenerator(3, 3, width=4, levels=5), 16),
        (UnetGenerator(3, 3, width=4, levels=4, norm="instance", upsample="resize"), 8),
        (PatchDiscriminator(3, width=4), 23),
        (PatchDiscriminator(3, width=4, layers=0), 3),
        (PatchDiscriminator(3, width=4, layers=1, norm="batch"), 5),
        (PixelDiscriminator(3, width=4), 1),
    ],
)
def test_one_image_of_the_minimum_side_trains_and_a_smaller_image_is_refused(network, too_small):
    side = network.geometry.minimum
    network(torch.randn(1, 3, side, side)).square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
    with pytest.raises((ConfigError, RuntimeError, ValueError)):
        network(torch.randn(1, 3, too_small, too_small))


@pytest.mark.parametrize(
    ("factory", "channels", "options", "message"),
    [
        (ResnetGenerator, (3, 3), {"norm": "group"}, "from: batch, instance, instance-affine"),
        (UnetGenerator, (3, 3), {"upsample": "resise"}, "upsample: .* Did you mean 'resize'"),
        (PatchDiscriminator, (3,), {"norm": "bach"}, "Did you mean 'batch'"),
        (ResnetGenerator, (3, 3), {"blocks": 0}, "blocks: expected 1 or more, got 0"),
        (UnetGenerator, (3, 3), {"levels": 0}, "levels: expected 1 or more, got 0"),
        (MlpGenerator, (3, 3), {"layers": 0}, "layers: expected 1 hidden layer or more, got 0"),
        (MlpDiscriminator, (3,), {"norm": "instance"}, "Choose from: batch, layer, none"),
        (DcganGenerator, (3, 3), {"upsample": "shuffle"}, "Choose from: deconv, deconv4, resize"),
        (SrResnet, (3, 3), {"blocks": 0}, "blocks: expected 1 or more, got 0"),
        (SrResnet, (3, 3), {"scale": 3}, "scale: expected 1, 2, 4 or 8, got 3"),
        (SrResnet, (1, 3), {"residual": True}, "residual: 1 channels cannot be added to 3: set"),
        (VggDiscriminator, (3,), {"norm": "bach"}, "Did you mean 'batch'"),
    ],
)
def test_a_wrong_option_is_refused_with_the_choices(factory, channels, options, message):
    with pytest.raises(ConfigError, match=message):
        factory(*channels, **options)
