"""The networks: counts and keys of published checkpoints, wiring against plain functions."""

import inspect
from itertools import pairwise
from typing import Annotated, get_origin

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from translate.errors import ConfigError
from translate.nn.geometry import Geometry
from translate.nn.norms import InstanceNorm
from translate_plugins import networks
from translate_plugins.networks.dcgan import DcganDiscriminator, DcganEncoder, DcganGenerator
from translate_plugins.networks.dilated import DilatedGenerator
from translate_plugins.networks.mlp import MlpDiscriminator, MlpEncoder, MlpGenerator
from translate_plugins.networks.patch import PatchDiscriminator, PixelDiscriminator
from translate_plugins.networks.resnet import ResnetGenerator
from translate_plugins.networks.scales import ScalesDiscriminator
from translate_plugins.networks.sizes import halvings
from translate_plugins.networks.srresnet import SrResnet, VggDiscriminator
from translate_plugins.networks.unet import UnetGenerator
from translate_plugins.networks.upsampling import upsample_layer

GENERATORS = networks.register_generators()
DISCRIMINATORS = networks.register_discriminators()
FACTORIES = [*GENERATORS.values(), *DISCRIMINATORS.values()]
FACTORIES.remove(ScalesDiscriminator)  # composed of others: see test_networks_hd
DRAWING = (DcganGenerator, MlpGenerator)
MLPS = (MlpGenerator, MlpEncoder, MlpDiscriminator)
NORMED = [
    (factory, norm)
    for factory in FACTORIES
    for norm in ("instance", "batch", "layer", "none")
    if "norm" in inspect.signature(factory.__init__).parameters
    and not (factory in MLPS and norm == "instance")  # a fully connected layer has no pixels
]

AUTHORS_NONE = {"norm": "none", "bias": False}
"""`norm: none` of the code of pix2pix and CycleGAN"""


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def on_meta(factory, *channels, **options):
    """Build a network of full size on the meta device."""
    with torch.device("meta"):
        return factory(*channels, **options)


def small(factory, size, **options):
    """Build a network of 3 channels, with `size` if it is a parameter."""
    channels = (3, 3) if factory in GENERATORS.values() else (3,)
    if "size" in inspect.signature(factory.__init__).parameters:
        options["size"] = size
    return factory(*channels, **options)


def what_suits(factory, number, size, **options):
    """Return images of `size`, or latent vectors."""
    return torch.randn(number, 3, *((1, 1) if factory in DRAWING else size), **options)


def shapes(network):
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


def draw_weights_(network):
    """Fill weights and statistics with random values, norms and biases included."""
    for key, value in network.state_dict().items():
        if key.endswith("running_var"):
            value.uniform_(0.5, 2)
        elif value.is_floating_point():
            value.normal_(0, 0.3)
    return network


# -- registered networks ---------------------------------------------------------------------------


@pytest.mark.parametrize("factory", FACTORIES)
def test_every_option_has_a_name_and_a_description(factory):
    _, *parameters = inspect.signature(factory.__init__).parameters.values()
    for option in parameters:
        if option.name not in ("in_channels", "out_channels"):
            assert option.kind is option.KEYWORD_ONLY
            assert get_origin(option.annotation) is Annotated
            assert any(isinstance(item, str) for item in option.annotation.__metadata__)


@pytest.mark.parametrize(
    ("network", "parameters", "entries"),
    [
        (on_meta(ResnetGenerator, 3, 3), 11_378_179, 48),
        (on_meta(ResnetGenerator, 3, 3, dropout=0.5), 11_378_179, 48),
        (on_meta(ResnetGenerator, 3, 3, blocks=6), 7_837_699, 36),
        # the filters of the blur are buffers: constants that are no parameters
        (on_meta(ResnetGenerator, 3, 3, antialias=True), 11_378_179, 52),
        (on_meta(ResnetGenerator, 3, 3, antialias="down"), 11_378_179, 50),
        (on_meta(ResnetGenerator, 3, 3, padding="zero"), 11_378_179, 48),
        # 7 weights more for each pair of channels: 7 * (256 * 128 + 128 * 64)
        (on_meta(ResnetGenerator, 3, 3, upsample="deconv4"), 11_378_179 + 286_720, 48),
        # 2 * (64 + 128 + 256) + 18 * 2 * 256 + 2 * (128 + 64) weights of norms
        (on_meta(ResnetGenerator, 3, 3, norm="instance-affine"), 11_378_179 + 10_496, 94),
        (on_meta(UnetGenerator, 3, 3), 54_413_955, 82),
        (on_meta(UnetGenerator, 3, 3, levels=7), 41_828_995, 70),
        (on_meta(PatchDiscriminator, 3), 2_764_737, 10),
        (on_meta(PatchDiscriminator, 6, norm="batch"), 2_768_705, 22),
        (on_meta(PatchDiscriminator, 3, norm="instance-affine"), 2_766_529, 16),
        # 6 * 64 + 64, 64 * 128, 2 * 128, 128; and with biases 3 * 64 + 64, 65 * 128, 129
        (on_meta(PixelDiscriminator, 6, norm="batch"), 9_024, 9),
        (on_meta(PixelDiscriminator, 3), 8_705, 6),
        # without norms, the authors' code has biases in the first and last layers of
        # discriminators and the last of generators alone: 64 + 128 + 256 + 18 * 256 + 128 + 64
        # fewer than above; 2 * (128 + 256 + 4 * 512) + 2 * (4 * 512 + 256 + 128 + 64) for the
        # affine norms of the U-Net; 128 + 256 + 512; 3 * 64 + 64, 64 * 128, 128
        (on_meta(ResnetGenerator, 3, 3, **AUTHORS_NONE), 11_378_179 - 5_248, 25),
        (on_meta(UnetGenerator, 3, 3, **AUTHORS_NONE), 54_413_955 - 9_856, 17),
        (on_meta(PatchDiscriminator, 3, **AUTHORS_NONE), 2_764_737 - 896, 7),
        (on_meta(PixelDiscriminator, 3, **AUTHORS_NONE), 8_576, 4),
        # 16 * (100 * 512 + 512 * 256 + 256 * 128 + 128 * 64 + 64 * 3), norms 2 * (512 + ... + 64)
        (on_meta(DcganGenerator, 100, 3), 3_576_704, 25),
        # 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512), norms 2 * (128 + 256 + 512)
        (on_meta(DcganDiscriminator, 3), 2_765_568, 20),
        # the same but 16 * 512 * 100 + 100 in the end
        (on_meta(DcganEncoder, 3, 100), 3_576_676, 21),
        # 49 * 100 * 128 + 16 * (128 * 64 + 64), norms 2 * (128 + 64)
        (on_meta(DcganGenerator, 100, 1, size=(28, 28)), 759_680, 13),
        # 16 * (64 + 64 * 128) + 49 * 128, norm 2 * 128
        (on_meta(DcganDiscriminator, 1, size=(28, 28)), 138_624, 8),
        # and biases 64 + 128 + 1
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
        # 9 * 64 * 256 + 257 for each doubling, 81 * 64 * 3 + 3
        (on_meta(SrResnet, 3, 3, scale=4), 1_547_350, 225),
        (on_meta(SrResnet, 3, 3), 1_547_350 - 2 * 147_713, 225 - 2 * 3),
        # 28 * 64, 9 * (64**2 * (1 + 2 + 4 + 8 + 16 + 32 + 64)), norms 2 * 64 * (1 + 4 + 8 + 16),
        # 6 * 6 * 512 * 1024 + 1024, 1025
        (on_meta(VggDiscriminator, 3), 23_563_649, 48),
        # the last map is 2x3
        (on_meta(VggDiscriminator, 3, size=(17, 48)), 23_563_649 - 30 * 512 * 1024, 48),
    ],
)
def test_parameters_and_entries_are_as_many_as_published(network, parameters, entries):
    assert sum(p.numel() for p in network.parameters()) == parameters
    assert len(network.state_dict()) == entries


# -- keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "blocks", "second"),
    [({}, 9, 5), ({"blocks": 6}, 6, 5), ({"dropout": 0.5}, 9, 6)],
)
def test_resnet_keys_and_shapes_are_those_of_published_checkpoints(options, blocks, second):
    up = 10 + blocks
    weights = {
        "model.1": (64, 3, 7, 7),
        "model.4": (128, 64, 3, 3),
        "model.7": (256, 128, 3, 3),
        **{
            f"model.{10 + block}.conv_block.{layer}": (256, 256, 3, 3)
            for block in range(blocks)
            for layer in (1, second)
        },
        f"model.{up}": (256, 128, 3, 3),
        f"model.{up + 3}": (128, 64, 3, 3),
        f"model.{up + 7}": (3, 64, 7, 7),
    }
    expected = {}
    for key, shape in weights.items():
        transposed = key in (f"model.{up}", f"model.{up + 3}")
        expected |= {f"{key}.weight": shape, f"{key}.bias": (shape[1 if transposed else 0],)}
    assert shapes(on_meta(ResnetGenerator, 3, 3, **options)) == expected
    if blocks == 9:
        assert "model.26.weight" in expected


def batch_norm(key, channels):
    parts = ("weight", "bias", "running_mean", "running_var")
    return {f"{key}.{part}": (channels,) for part in parts} | {f"{key}.num_batches_tracked": ()}


@pytest.mark.parametrize("levels", [8, 7])
def test_unet_keys_and_shapes_are_those_of_published_checkpoints(levels):
    widths = [64, 128, 256, 512, 512, 512, 512, 512][:levels]
    expected = {"model.model.0.weight": (64, 3, 4, 4)}
    prefix = "model.model.1.model"
    for level in range(1, levels):
        outer, inner = widths[level - 1], widths[level]
        expected[f"{prefix}.1.weight"] = (inner, outer, 4, 4)
        if level < levels - 1:
            expected |= batch_norm(f"{prefix}.2", inner)
            expected[f"{prefix}.5.weight"] = (2 * inner, outer, 4, 4)
            expected |= batch_norm(f"{prefix}.6", outer)
        else:
            expected[f"{prefix}.3.weight"] = (512, 512, 4, 4)
            expected |= batch_norm(f"{prefix}.4", 512)
        prefix += ".3.model"
    expected |= {"model.model.3.weight": (128, 3, 4, 4), "model.model.3.bias": (3,)}
    assert shapes(on_meta(UnetGenerator, 3, 3, levels=levels)) == expected


def test_patch_keys_and_shapes_are_those_of_published_checkpoints():
    def conv(key, shape, bias=True):
        return {f"{key}.weight": shape} | ({f"{key}.bias": shape[:1]} if bias else {})

    assert shapes(on_meta(PatchDiscriminator, 3)) == {
        **conv("model.0", (64, 3, 4, 4)),
        **conv("model.2", (128, 64, 4, 4)),
        **conv("model.5", (256, 128, 4, 4)),
        **conv("model.8", (512, 256, 4, 4)),
        **conv("model.11", (1, 512, 4, 4)),
    }
    assert shapes(on_meta(PatchDiscriminator, 6, norm="batch")) == {
        **conv("model.0", (64, 6, 4, 4)),
        **conv("model.2", (128, 64, 4, 4), bias=False),
        **batch_norm("model.3", 128),
        **conv("model.5", (256, 128, 4, 4), bias=False),
        **batch_norm("model.6", 256),
        **conv("model.8", (512, 256, 4, 4), bias=False),
        **batch_norm("model.9", 512),
        **conv("model.11", (1, 512, 4, 4)),
    }
    assert shapes(on_meta(PixelDiscriminator, 3)) == {
        **conv("net.0", (64, 3, 1, 1)),
        **conv("net.2", (128, 64, 1, 1)),
        **conv("net.5", (1, 128, 1, 1)),
    }


def test_dcgan_keys_and_shapes_are_those_of_published_checkpoints():
    assert shapes(on_meta(DcganGenerator, 100, 3)) == {
        "main.0.weight": (100, 512, 4, 4),
        **batch_norm("main.1", 512),
        "main.3.weight": (512, 256, 4, 4),
        **batch_norm("main.4", 256),
        "main.6.weight": (256, 128, 4, 4),
        **batch_norm("main.7", 128),
        "main.9.weight": (128, 64, 4, 4),
        **batch_norm("main.10", 64),
        "main.12.weight": (64, 3, 4, 4),
    }
    assert shapes(on_meta(DcganDiscriminator, 3)) == {
        "main.0.weight": (64, 3, 4, 4),
        "main.2.weight": (128, 64, 4, 4),
        **batch_norm("main.3", 128),
        "main.5.weight": (256, 128, 4, 4),
        **batch_norm("main.6", 256),
        "main.8.weight": (512, 256, 4, 4),
        **batch_norm("main.9", 512),
        "main.11.weight": (1, 512, 4, 4),
    }


# -- sizes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "shape", "expected"),
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
def test_output_sizes(network, shape, expected):
    assert network(torch.empty(shape, device="meta")).shape == expected


@pytest.mark.parametrize(
    ("size", "times", "start"),
    [
        *[((28, 28), 2, (7, 7)), ((32, 32), 3, (4, 4)), ((64, 64), 4, (4, 4))],
        *[((64, 32), 3, (8, 4)), ((48, 96), 3, (6, 12)), ((256, 256), 6, (4, 4))],
        *[((9, 9), 0, (9, 9)), ((6, 64), None, None), ((6, 12), 0, (6, 12)), ((1, 1), 0, (1, 1))],
    ],
)
def test_dcgan_halves_sides_while_they_are_even_and_at_least_four(size, times, start):
    if times is None:
        with pytest.raises(ConfigError, match="6x64 can be halved to 6x64 only"):
            halvings(size)
    else:
        assert halvings(size) == (times, start)


@pytest.mark.parametrize("size", [(28, 28), (32, 32), (64, 64), (32, 48), (9, 7), (1, 1)])
def test_latents_become_an_image_a_code_and_a_logit_at_any_size(size):
    for draw, encode, discriminator in ((DcganGenerator, DcganEncoder, DcganDiscriminator), MLPS):
        images = draw(5, 2, width=4, size=size)(torch.randn(3, 5, 1, 1))
        assert images.shape == (3, 2, *size)
        assert encode(2, 6, width=4, size=size)(images).shape == (3, 6, 1, 1)
        assert discriminator(2, width=4, size=size)(images).flatten(1).shape == (3, 1)


@pytest.mark.parametrize("factory", DRAWING)
def test_generated_images_are_between_minus_1_and_1(factory):
    network = draw_weights_(factory(20, 3, width=16, size=(16, 16))).eval()
    images = network(10 * torch.randn(8, 20, 1, 1))
    assert images.min() < -0.9
    assert images.max() > 0.9
    assert images.abs().max() <= 1


@pytest.mark.parametrize("factory", [DcganEncoder, MlpEncoder])
def test_codes_are_linear_and_unbounded(factory):
    network = draw_weights_(factory(3, 4, width=8, norm="none", size=(16, 16)).double())
    last = [part for part in network.modules() if isinstance(part, nn.Conv2d | nn.Linear)][-1]
    images = torch.randn(2, 3, 16, 16, dtype=torch.double)
    before = network(images) - last.bias.view(1, 4, 1, 1)
    with torch.no_grad():
        last.weight *= 1000
    torch.testing.assert_close(network(images) - last.bias.view(1, 4, 1, 1), 1000 * before)


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ((33, 33), "33x33 can be halved to 33x33 only.* divide by 2, such as 34x34"),
        ((250, 250), "250x250 can be halved to 125x125 .* divide by 8, such as 256x256"),
        ((1000, 8), "1000x8 can be halved to 500x4 .* divide by 32, such as 1024x128"),
    ],
)
def test_dcgan_suggests_a_near_size_that_can_be_halved(size, message):
    for factory in (DcganGenerator, DcganEncoder, DcganDiscriminator):
        with pytest.raises(ConfigError, match=f"size: {message}"):
            small(factory, size)
    near = tuple(map(int, message.rpartition(" ")[2].split("x")))
    on_meta(DcganGenerator, 3, 3, width=1, size=near)


@pytest.mark.parametrize(
    "factory",
    [DcganEncoder, DcganDiscriminator, MlpEncoder, MlpDiscriminator, VggDiscriminator],
)
def test_a_network_of_one_size_refuses_another_size(factory):
    network = small(factory, (16, 16), width=4)
    calls = [network, network.features] if hasattr(network, "features") else [network]
    for sides in ((16, 32), (8, 8)):
        for call in calls:
            with pytest.raises(ConfigError, match="takes images of 16x16 pixels, not"):
                call(torch.randn(2, 3, *sides))


@pytest.mark.parametrize("factory", DRAWING)
def test_a_generator_from_noise_refuses_an_image(factory):
    network = small(factory, (16, 16), width=4)
    with pytest.raises(ConfigError, match="takes latent vectors, not images of 16x24"):
        network(torch.randn(2, 3, 16, 24))


@pytest.mark.parametrize(
    ("size", "blocks"),
    [(None, 9), ((64, 64), 6), ((128, 128), 6), ((128, 256), 9), ((256, 256), 9), ((512, 512), 9)],
)
def test_resnet_blocks_depend_on_the_crop(size, blocks):
    network = on_meta(ResnetGenerator, 3, 3, size=size)
    assert sum(key.endswith("conv_block.1.weight") for key in network.state_dict()) == blocks
    assert (network.geometry.multiple_of, network.geometry.minimum) == (4, 8)


@pytest.mark.parametrize(
    ("size", "levels"),
    [
        *[(None, 8), ((256, 256), 8), ((1024, 512), 8), ((256, 128), 7), ((128, 128), 7)],
        *[((127, 127), 6), ((64, 64), 6), ((3, 3), 1), ((1, 1), 1)],
    ],
)
def test_unet_levels_depend_on_the_crop(size, levels):
    network = on_meta(UnetGenerator, 3, 3, size=size)
    assert network.geometry == Geometry(2**levels, 2**levels)


def test_explicit_options_take_precedence_over_the_crop():
    assert on_meta(UnetGenerator, 3, 3, levels=5, size=(256, 256)).geometry.multiple_of == 32
    assert (
        "model.12.weight" in on_meta(ResnetGenerator, 3, 3, blocks=2, size=(256, 256)).state_dict()
    )


@pytest.mark.parametrize(
    ("network", "smaller"),
    [
        (ResnetGenerator(3, 3, width=4, blocks=1), 4),
        (ResnetGenerator(3, 3, width=4, blocks=1, downsamplings=0), 3),
        (ResnetGenerator(3, 3, width=4, blocks=1, downsamplings=1, upsample="resize"), 2),
        (UnetGenerator(3, 3, width=4, levels=5), 16),
        (UnetGenerator(3, 3, width=4, levels=4, norm="instance", upsample="resize"), 8),
        (PatchDiscriminator(3, width=4), 23),
        (PatchDiscriminator(3, width=4, layers=1, norm="batch"), 5),
        (PixelDiscriminator(3, width=4), 1),
    ],
)
def test_one_image_of_the_minimum_side_trains_and_a_smaller_one_cannot(network, smaller):
    side = network.geometry.minimum
    network(torch.randn(1, 3, side, side)).square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
    with pytest.raises((ConfigError, RuntimeError, ValueError)):
        network(torch.randn(1, 3, smaller, smaller))


def test_unet_names_the_factor_that_must_divide_the_sides():
    network = UnetGenerator(3, 3, width=2, levels=6)
    with pytest.raises(ConfigError, match="6 levels needs sides that divide by 64, not 64x96"):
        network(torch.randn(1, 3, 64, 96))


@pytest.mark.parametrize(("layers", "patch"), [(1, 16), (3, 70), (5, 286)])
def test_a_logit_has_the_receptive_field_of_the_paper(layers, patch):
    network = PatchDiscriminator(1, width=2, layers=layers, norm="none").double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(0.1)  # all positive, so that nothing cancels
    image = torch.ones(1, 1, 400, 400, dtype=torch.double, requires_grad=True)
    scores = network(image)
    middle = scores.shape[-1] // 2
    (gradient,) = torch.autograd.grad(scores[0, 0, middle, middle], image)
    assert (gradient[0, 0].sum(0) > 0).sum() == (gradient[0, 0].sum(1) > 0).sum() == patch


# -- wiring, against plain functions ---------------------------------------------------------------


def standardised(x):
    variance = x.var((2, 3), correction=0, keepdim=True)
    return (x - x.mean((2, 3), keepdim=True)) / (variance + 1e-5).sqrt()


def plain_resnet(state, x, blocks):
    def conv(key, x, **options):
        return F.conv2d(x, state[f"{key}.weight"], state[f"{key}.bias"], **options)

    def around(x, pixels):
        return F.pad(x, (pixels,) * 4, mode="reflect")

    x = standardised(conv("model.1", around(x, 3))).relu()
    for key in ("model.4", "model.7"):
        x = standardised(conv(key, x, stride=2, padding=1)).relu()
    for index in range(10, 10 + blocks):
        inner = standardised(conv(f"model.{index}.conv_block.1", around(x, 1))).relu()
        x = x + standardised(conv(f"model.{index}.conv_block.5", around(inner, 1)))
    for key in (f"model.{10 + blocks}", f"model.{13 + blocks}"):
        weight, bias = state[f"{key}.weight"], state[f"{key}.bias"]
        x = F.conv_transpose2d(x, weight, bias, stride=2, padding=1, output_padding=1)
        x = standardised(x).relu()
    return conv(f"model.{17 + blocks}", around(x, 3)).tanh()


def plain_unet(state, x, levels, training):
    """Compute it as the authors: a shortcut carries the result of the in-place activation."""

    def norm(key, x):
        mean, variance = state[f"{key}.running_mean"], state[f"{key}.running_var"]
        if training:
            mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
        scale = state[f"{key}.weight"] / (variance + 1e-5).sqrt()
        return (x - mean[:, None, None]) * scale[:, None, None] + state[f"{key}.bias"][
            :, None, None
        ]

    def up(key, x, bias=None):
        return F.conv_transpose2d(x.relu(), state[f"{key}.weight"], bias, stride=2, padding=1)

    prefixes = ["model.model.1.model" + ".3.model" * depth for depth in range(levels - 1)]
    shortcuts = []
    x = F.conv2d(x, state["model.model.0.weight"], stride=2, padding=1)
    for prefix in prefixes:
        x = F.leaky_relu(x, 0.2)
        shortcuts.append(x)
        x = F.conv2d(x, state[f"{prefix}.1.weight"], stride=2, padding=1)
        if prefix != prefixes[-1]:
            x = norm(f"{prefix}.2", x)
    for prefix in reversed(prefixes):
        conv, after = (3, 4) if prefix == prefixes[-1] else (5, 6)
        x = torch.cat([shortcuts.pop(), norm(f"{prefix}.{after}", up(f"{prefix}.{conv}", x))], 1)
    return up("model.model.3", x, state["model.model.3.bias"]).tanh()


def plain_patch(state, x):
    for index, stride in ((0, 2), (2, 2), (5, 2), (8, 1)):
        weight, bias = state[f"model.{index}.weight"], state[f"model.{index}.bias"]
        x = F.conv2d(x, weight, bias, stride=stride, padding=1)
        x = F.leaky_relu(standardised(x) if index else x, 0.2)
    return F.conv2d(x, state["model.11.weight"], state["model.11.bias"], padding=1)


def assert_same_function(network, plain, images):
    """Compare outputs, and the gradients of all parameters and of the input."""
    images.requires_grad_()
    parameters = dict(network.named_parameters())
    statistics = {key: value.clone() for key, value in network.named_buffers()}
    expected = plain({**statistics, **parameters}, images)
    output = network(images)
    torch.testing.assert_close(output, expected, rtol=1e-9, atol=1e-9)
    weight = torch.randn_like(output)
    inputs = [images, *parameters.values()]
    actual_gradients = torch.autograd.grad((output * weight).sum(), inputs)
    expected_gradients = torch.autograd.grad((expected * weight).sum(), inputs)
    torch.testing.assert_close(actual_gradients, expected_gradients, rtol=1e-6, atol=1e-9)


def batch_normed(state, key, x, training):
    mean, variance = state[f"{key}.running_mean"], state[f"{key}.running_var"]
    if training:
        mean, variance = x.mean((0, *range(2, x.ndim))), x.var((0, *range(2, x.ndim)), correction=0)
    shape = (-1,) + (1,) * (x.ndim - 2)
    scale = state[f"{key}.weight"] / (variance + 1e-5).sqrt()
    return (x - mean.view(shape)) * scale.view(shape) + state[f"{key}.bias"].view(shape)


def plain_dcgan_generator(state, x, training):
    x = F.conv_transpose2d(x, state["main.0.weight"])
    for norm, conv in ((1, 3), (4, 6), (7, 9), (10, 12)):
        x = batch_normed(state, f"main.{norm}", x, training).relu()
        x = F.conv_transpose2d(x, state[f"main.{conv}.weight"], stride=2, padding=1)
    return x.tanh()


def plain_dcgan_halves(state, x, training):
    x = F.leaky_relu(F.conv2d(x, state["main.0.weight"], stride=2, padding=1), 0.2)
    for conv in (2, 5):
        x = F.conv2d(x, state[f"main.{conv}.weight"], stride=2, padding=1)
        x = F.leaky_relu(batch_normed(state, f"main.{conv + 1}", x, training), 0.2)
    return F.conv2d(x, state["main.8.weight"], state.get("main.8.bias"))


def plain_mlp(state, x, training, activation, last):
    x = x.flatten(1)
    for index in range(1, last, 3):
        x = F.linear(x, state[f"model.{index}.weight"])
        x = activation(batch_normed(state, f"model.{index + 1}", x, training))
    return F.linear(x, state[f"model.{last}.weight"], state[f"model.{last}.bias"])


def plain_srresnet(state, x, training, blocks):
    def conv(key, x):
        weight = state[f"{key}.weight"]
        return F.conv2d(x, weight, state.get(f"{key}.bias"), padding=weight.shape[2] // 2)

    def rectified(key, x):
        return x.clamp(min=0) + state[f"{key}.weight"] * x.clamp(max=0)

    def normed(key, x):
        return batch_normed(state, key, x, training)

    activations = x = rectified("head.1", conv("head.0", x))
    for block in (f"body.{index}.layers" for index in range(blocks)):
        inner = rectified(f"{block}.2", normed(f"{block}.1", conv(f"{block}.0", x)))
        x = x + normed(f"{block}.4", conv(f"{block}.3", inner))
    x = activations + normed(f"body.{blocks + 1}", conv(f"body.{blocks}", x))
    for doubling in ("tail.0", "tail.1"):
        four = conv(f"{doubling}.0", x).unflatten(1, (-1, 2, 2))  # for each position in the block
        x = torch.stack([torch.stack([*row.unbind(2)], 4).flatten(3) for row in four.unbind(2)], 3)
        x = rectified(f"{doubling}.2", x.flatten(2, 3))
    return conv("tail.2", x)


def plain_vgg(state, x, training):
    x = F.leaky_relu(F.conv2d(x, state["model.0.weight"], state["model.0.bias"], padding=1), 0.2)
    for index, key in enumerate(range(2, 23, 3)):
        x = F.conv2d(x, state[f"model.{key}.weight"], stride=1 + (index + 1) % 2, padding=1)
        x = F.leaky_relu(batch_normed(state, f"model.{key + 1}", x, training), 0.2)
    x = F.linear(x.flatten(1), state["model.24.weight"], state["model.24.bias"])
    return F.linear(F.leaky_relu(x, 0.2), state["model.26.weight"], state["model.26.bias"])


@pytest.mark.parametrize("training", [True, False])
def test_srgan_networks_are_the_functions_of_the_paper(training):
    network = draw_weights_(SrResnet(3, 2, width=3, blocks=2, scale=4).double()).train(training)
    images = torch.randn(3, 3, 5, 4, dtype=torch.double)
    assert_same_function(network, lambda s, x: plain_srresnet(s, x, training, 2), images)
    network = draw_weights_(VggDiscriminator(3, width=2, size=(20, 33)).double()).train(training)
    images = torch.randn(3, 3, 20, 33, dtype=torch.double)
    assert_same_function(network, lambda s, x: plain_vgg(s, x, training), images)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_a_residual_srresnet_predicts_the_difference_to_bicubic_upscaling(scale):
    network = SrResnet(3, 3, width=4, blocks=1, scale=scale, residual=True)
    images = torch.randn(2, 3, 6, 9)
    with torch.no_grad():
        for parameter in network.tail[-1].parameters():
            parameter.zero_()
    large = F.interpolate(images, (6 * scale, 9 * scale), mode="bicubic")
    assert torch.equal(network(images), large)


def plain_dilated(state, x, blocks, factor):
    def conv(key, x, wide=1):
        weight, bias = state[f"{key}.weight"], state[f"{key}.bias"]
        return F.conv2d(x, weight, bias, padding=wide, dilation=wide)

    x = conv("model.1", x.unfold(2, factor, factor).unfold(3, factor, factor).mean((4, 5)))
    for block, wide in zip(range(2, 2 + blocks), [1, 2, 4, 1, 1], strict=False):
        x = x + conv(f"model.{block}.near", conv(f"model.{block}.wide", x.relu(), wide).relu())
    output = conv(f"model.{blocks + 3}", x.relu())
    return F.interpolate(output, scale_factor=factor, mode="bilinear")


@pytest.mark.parametrize(("blocks", "factor"), [(5, 2), (4, 4)])
def test_the_dilated_network_corrects_pixel_means_and_upsamples_bilinearly(blocks, factor):
    network = draw_weights_(
        DilatedGenerator(4, 3, width=3, blocks=blocks, downsampling=factor).double()
    )
    images = torch.randn(2, 4, 8, 12, dtype=torch.double)
    assert_same_function(network, lambda s, x: plain_dilated(s, x, blocks, factor), images)


@pytest.mark.parametrize("training", [True, False])
def test_dcgan_is_the_function_of_the_paper(training):
    draw = draw_weights_(DcganGenerator(5, 2, width=3).double()).train(training)
    noise = torch.randn(3, 5, 1, 1, dtype=torch.double)
    assert_same_function(draw, lambda s, x: plain_dcgan_generator(s, x, training), noise)
    for network in (
        DcganDiscriminator(2, width=3, size=(32, 64)),
        DcganEncoder(2, 4, width=3, size=(32, 64)),
    ):
        draw_weights_(network.double()).train(training)
        images = torch.randn(3, 2, 32, 64, dtype=torch.double)
        assert_same_function(network, lambda s, x: plain_dcgan_halves(s, x, training), images)


@pytest.mark.parametrize("training", [True, False])
def test_mlps_are_linear_layers_with_norms_and_activations(training):
    def drawn(state, x):
        return plain_mlp(state, x, training, F.relu, 10).tanh().view(-1, 2, 4, 6)

    def encoded(state, x):
        return plain_mlp(state, x, training, F.relu, 7).view(-1, 5, 1, 1)

    def judged(state, x):
        return plain_mlp(state, x, training, lambda y: F.leaky_relu(y, 0.2), 7)

    noise = torch.randn(4, 5, 1, 1, dtype=torch.double)
    images = torch.randn(4, 2, 4, 6, dtype=torch.double)
    for network, plain, options in (
        (MlpGenerator(5, 2, width=6, size=(4, 6)), drawn, noise),
        (MlpEncoder(2, 5, width=6, layers=2, size=(4, 6)), encoded, images),
        (MlpDiscriminator(2, width=6, norm="batch", size=(4, 6)), judged, images),
    ):
        draw_weights_(network.double()).train(training)
        assert_same_function(network, plain, options.clone())


def test_resnet_is_the_function_of_the_paper():
    network = draw_weights_(ResnetGenerator(3, 2, width=4, blocks=3).double())
    images = torch.randn(2, 3, 24, 32, dtype=torch.double)
    assert_same_function(network, lambda state, x: plain_resnet(state, x, 3), images)


@pytest.mark.parametrize("training", [True, False])
def test_unet_is_the_function_of_the_paper(training):
    network = draw_weights_(UnetGenerator(3, 2, width=3, levels=6, dropout=0.0).double())
    network.train(training)
    images = torch.randn(2, 3, 64, 128, dtype=torch.double)
    assert_same_function(network, lambda state, x: plain_unet(state, x, 6, training), images)


def test_patch_is_the_function_of_the_paper():
    network = draw_weights_(PatchDiscriminator(3, width=4).double())
    assert_same_function(network, plain_patch, torch.randn(2, 3, 40, 32, dtype=torch.double))


def test_resnet_features_are_the_input_the_downsamplings_and_two_blocks():
    network = ResnetGenerator(3, 3, width=4, blocks=9)
    x = torch.randn(2, 3, 16, 24)
    features = network.features(x)
    assert [tuple(feature.shape[1:]) for feature in features] == [
        *[(3, 22, 30), (8, 8, 12), (16, 4, 6), (16, 4, 6), (16, 4, 6)]
    ]
    for feature, layer in zip(features, (0, 4, 7, 10, 14), strict=True):
        torch.testing.assert_close(feature, network.model[: layer + 1](x))
    full = on_meta(ResnetGenerator, 3, 3).features(torch.empty(1, 3, 64, 64, device="meta"))
    assert [feature.shape[1] for feature in full] == [3, 128, 256, 256, 256]
    assert len(ResnetGenerator(3, 3, width=4, blocks=1).features(x)) == 4


def test_patch_features_are_the_activations_before_the_logits():
    network = PatchDiscriminator(3, width=4)
    x = torch.randn(1, 3, 32, 48)
    features = network.features(x)
    assert [tuple(feature.shape[1:]) for feature in features] == [
        *[(4, 16, 24), (8, 8, 12), (16, 4, 6), (32, 3, 5)]
    ]
    torch.testing.assert_close(network.model[-1](features[-1]), network(x))
    assert [f.shape[1] for f in PixelDiscriminator(3, width=4).features(x)] == [4, 8]


def test_features_of_one_logit_are_the_activations_before_it():
    x = torch.randn(2, 3, 64, 32)
    network = DcganDiscriminator(3, width=4, norm="layer", size=(64, 32))
    features = network.features(x)
    assert [tuple(feature.shape[1:]) for feature in features] == [
        *[(4, 32, 16), (8, 16, 8), (16, 8, 4)]
    ]
    torch.testing.assert_close(network.main[-1](features[-1]), network(x))
    mlp = MlpDiscriminator(3, width=6, layers=3, dropout=0.5, size=(64, 32))
    features = mlp.features(x)
    assert [tuple(feature.shape) for feature in features] == [(2, 6)] * 3
    features = mlp.eval().features(x)
    torch.testing.assert_close(mlp.model[-1](features[-1]), mlp(x))


# -- norms, dropout, upsampling --------------------------------------------------------------------


def test_channels_last_does_not_change_gradients_of_a_resnet():
    gradients = []
    network = ResnetGenerator(3, 3, width=4, blocks=2).double()
    images = torch.randn(1, 3, 16, 16, dtype=torch.double)
    weight = torch.randn(1, 3, 16, 16, dtype=torch.double)
    for memory in (torch.contiguous_format, torch.channels_last):
        network.to(memory_format=memory)
        output = network(images.to(memory_format=memory))
        loss = (output * weight.to(memory_format=memory)).sum()
        gradients.append(torch.autograd.grad(loss, list(network.parameters())))
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize(("factory", "norm"), NORMED)
def test_gradients_reach_every_parameter_but_biases_before_a_norm(factory, norm):
    size = (256, 256) if factory is UnetGenerator else (32, 32)
    network = small(factory, size, width=8, norm=norm).double()
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight)  # so that signals do not vanish over 18 layers
    inputs = what_suits(factory, 4, size, dtype=torch.double)
    network(inputs).mul(100).sin().sum().backward()
    idle = {
        f"{key}.{index}.bias"
        for key, sequence in network.named_modules()
        if isinstance(sequence, nn.Sequential)
        for index, (_, after) in enumerate(pairwise(sequence))
        if isinstance(after, InstanceNorm)  # which subtracts the mean again
    }
    for key, parameter in network.named_parameters():
        reached = parameter.grad.abs().max().item()
        assert (reached < 1e-6) if key in idle else (reached > 1e-6), key


@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
def test_only_batch_norm_takes_the_place_of_a_bias(norm):
    assert ("model.4.bias" in on_meta(ResnetGenerator, 3, 3, norm=norm).state_dict()) is (
        norm != "batch"
    )
    assert ("model.model.0.bias" in on_meta(UnetGenerator, 3, 3, norm=norm).state_dict()) is (
        norm != "batch"
    )


@pytest.mark.parametrize(
    ("factory", "channels"),
    [
        (ResnetGenerator, (3, 3)),
        (UnetGenerator, (3, 3)),
        (PatchDiscriminator, (3,)),
        (PixelDiscriminator, (3,)),
    ],
)
def test_norm_none_without_biases_has_the_keys_of_batch_norm_without_its_own(factory, channels):
    # use_bias is true for instance norm alone in the authors' code, and nn.Identity takes the place
    # of a norm, so that every convolution keeps its number
    batch = on_meta(factory, *channels, norm="batch")
    norms = [name for name, part in batch.named_modules() if isinstance(part, nn.BatchNorm2d)]
    expected = {k: s for k, s in shapes(batch).items() if k.rpartition(".")[0] not in norms}
    assert norms and shapes(on_meta(factory, *channels, **AUTHORS_NONE)) == expected


@pytest.mark.parametrize("factory", [ResnetGenerator, UnetGenerator, PatchDiscriminator])
def test_biases_before_a_norm_follow_the_option(factory):
    def biased(**options):
        network = small(factory, (32, 32), width=2, **options)
        convs = (nn.Conv2d, nn.ConvTranspose2d)
        return {part.bias is not None for part in network.modules() if isinstance(part, convs)}

    assert biased(norm="instance") == biased(norm="none") == biased(norm="batch", bias=True)
    assert biased(norm="none") == {True}
    assert biased(norm="instance", bias=False) == biased(norm="batch") == {True, False}


def dropouts(network):
    return [key for key, module in network.named_modules() if isinstance(module, nn.Dropout)]


def test_dropout_is_where_the_authors_have_it():
    inner = "model.model.1.model.3.model.3.model"
    assert dropouts(on_meta(UnetGenerator, 3, 3)) == [
        f"{inner}.3.model.3.model.3.model.7",
        f"{inner}.3.model.3.model.7",
        f"{inner}.3.model.7",
    ]
    assert len(dropouts(on_meta(UnetGenerator, 3, 3, levels=7))) == 2
    assert dropouts(on_meta(UnetGenerator, 3, 3, levels=5)) == []
    assert dropouts(on_meta(UnetGenerator, 3, 3, dropout=0.0)) == []
    assert dropouts(on_meta(ResnetGenerator, 3, 3)) == []
    blocks = [f"model.{index}.conv_block.4" for index in range(10, 19)]
    assert dropouts(on_meta(ResnetGenerator, 3, 3, dropout=0.5)) == blocks


@pytest.mark.parametrize(
    "network",
    [
        ResnetGenerator(3, 3, width=8, blocks=2, dropout=0.5),
        UnetGenerator(3, 3, width=8, levels=6, dropout=0.5),
    ],
)
def test_dropout_drops_half_in_training_and_nothing_in_evaluation(network):
    dropped = []
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.register_forward_hook(
                lambda _, before, after: dropped.append((after == 0)[before[0] != 0])
            )
    x = torch.randn(4, 3, 64, 64)
    assert not torch.equal(network(x), network(x))
    assert torch.cat(dropped).float().mean().item() == pytest.approx(0.5, abs=0.05)
    network.eval()
    assert torch.equal(network(x), network(x))


@pytest.mark.parametrize("factory", [ResnetGenerator, UnetGenerator])
def test_resize_upsampling_has_no_transposed_convolution_and_keeps_the_size(factory):
    network = factory(3, 3, width=4, upsample="resize", size=(64, 64))
    assert not any(isinstance(module, nn.ConvTranspose2d) for module in network.modules())
    assert network(torch.randn(1, 3, 64, 128)).shape == (1, 3, 64, 128)
    # repeated pixels of a flat map stay flat, whatever the convolution: no checkerboard
    flat = upsample_layer("resize")(2, 3, 4, True)(torch.ones(1, 2, 4, 4))
    torch.testing.assert_close(flat, flat[..., :1, :1].expand_as(flat))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: ResnetGenerator(3, 3, norm="group"),
            "Choose from: batch, instance, instance-affine",
        ),
        (lambda: UnetGenerator(3, 3, upsample="resise"), "upsample: .* Did you mean 'resize'"),
        (lambda: PatchDiscriminator(3, norm="bach"), "Did you mean 'batch'"),
        (lambda: ResnetGenerator(3, 3, blocks=0), "blocks: expected 1 or more, got 0"),
        (lambda: UnetGenerator(3, 3, levels=0), "levels: expected 1 or more, got 0"),
        (lambda: MlpGenerator(3, 3, layers=0), "layers: an MLP has at least one that is hidden"),
        (lambda: MlpDiscriminator(3, norm="instance"), "Choose from: batch, layer, none"),
        (lambda: DcganGenerator(3, 3, upsample="shuffle"), "Choose from: deconv, deconv4, resize"),
        (lambda: SrResnet(3, 3, blocks=0), "blocks: expected 1 or more, got 0"),
        (lambda: SrResnet(3, 3, scale=3), "scale: expected 1, 2, 4 or 8, got 3"),
        (lambda: SrResnet(1, 3, residual=True), "residual: 1 channels cannot be added to 3: set"),
        (lambda: VggDiscriminator(3, norm="bach"), "Did you mean 'batch'"),
    ],
)
def test_a_wrong_option_is_refused_with_the_choices(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


@pytest.mark.parametrize("factory", FACTORIES)
def test_networks_run_in_bf16(factory):
    network = small(factory, (32, 32), width=4)
    with torch.autocast("cpu", torch.bfloat16):
        output = network(what_suits(factory, 2, (32, 32)))
    assert output.dtype == torch.bfloat16
    output.float().sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters())
