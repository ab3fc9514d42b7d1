"""The networks: counts and keys of published checkpoints, wiring against plain functions."""

import inspect
from itertools import pairwise
from typing import Annotated, get_origin

import pluggy
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from translate import hookspecs
from translate.errors import ConfigError
from translate_plugins import networks
from translate_plugins.networks.norms import InstanceNorm, norm_layer, upsample_layer
from translate_plugins.networks.patch import PatchDiscriminator, PixelDiscriminator
from translate_plugins.networks.resnet import ResnetGenerator
from translate_plugins.networks.unet import UnetGenerator

FACTORIES = {**networks.register_generators(), **networks.register_discriminators()}


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def on_meta(factory, *channels, **options):
    """Build a network of full size without filling its weights."""
    with torch.device("meta"):
        return factory(*channels, **options)


def shapes(network):
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


def draw_weights_(network):
    """Give every weight and statistic a value that matters, norms and biases included."""
    for key, value in network.state_dict().items():
        if key.endswith("running_var"):
            value.uniform_(0.5, 2)
        elif value.is_floating_point():
            value.normal_(0, 0.3)
    return network


# -- what is offered -------------------------------------------------------------------------------


def test_the_hooks_are_those_that_translate_asks():
    manager = pluggy.PluginManager("translate")
    manager.add_hookspecs(hookspecs)
    manager.register(networks)
    manager.check_pending()
    offered = {**manager.hook.register_generators()[0], **manager.hook.register_discriminators()[0]}
    assert offered == {
        "resnet": ResnetGenerator,
        "unet": UnetGenerator,
        "patch": PatchDiscriminator,
        "pixel": PixelDiscriminator,
    }


@pytest.mark.parametrize("factory", FACTORIES.values())
def test_every_option_is_named_and_says_what_it_means(factory):
    _, *parameters = inspect.signature(factory.__init__).parameters.values()
    for option in parameters:
        if option.name not in ("in_channels", "out_channels"):
            assert option.kind is option.KEYWORD_ONLY
            assert get_origin(option.annotation) is Annotated
            assert isinstance(option.annotation.__metadata__[0], str)


@pytest.mark.parametrize(
    ("network", "parameters", "entries"),
    [
        (on_meta(ResnetGenerator, 3, 3), 11_378_179, 48),
        (on_meta(ResnetGenerator, 3, 3, dropout=0.5), 11_378_179, 48),
        (on_meta(ResnetGenerator, 3, 3, blocks=6), 7_837_699, 36),
        (on_meta(UnetGenerator, 3, 3), 54_413_955, 82),
        (on_meta(UnetGenerator, 3, 3, levels=7), 41_828_995, 70),
        (on_meta(PatchDiscriminator, 3), 2_764_737, 10),
        (on_meta(PatchDiscriminator, 6, norm="batch"), 2_768_705, 22),
        # 6 * 64 + 64, 64 * 128, 2 * 128, 128; and with biases 3 * 64 + 64, 65 * 128, 129
        (on_meta(PixelDiscriminator, 6, norm="batch"), 9_024, 9),
        (on_meta(PixelDiscriminator, 3), 8_705, 6),
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


# -- sizes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "shape", "expected"),
    [
        (on_meta(ResnetGenerator, 3, 1), (2, 3, 256, 256), (2, 1, 256, 256)),
        (on_meta(ResnetGenerator, 1, 3, downs=3), (1, 1, 64, 120), (1, 3, 64, 120)),
        (on_meta(UnetGenerator, 3, 1), (2, 3, 256, 512), (2, 1, 256, 512)),
        (on_meta(UnetGenerator, 1, 3, levels=1), (1, 1, 2, 6), (1, 3, 2, 6)),
        (on_meta(PatchDiscriminator, 3), (2, 3, 256, 256), (2, 1, 30, 30)),
        (on_meta(PatchDiscriminator, 3), (1, 3, 70, 70), (1, 1, 6, 6)),
        (on_meta(PatchDiscriminator, 6, layers=5), (1, 6, 256, 256), (1, 1, 6, 6)),
        (on_meta(PixelDiscriminator, 3), (2, 3, 256, 256), (2, 1, 256, 256)),
    ],
)
def test_output_sizes(network, shape, expected):
    assert network(torch.empty(shape, device="meta")).shape == expected


@pytest.mark.parametrize(
    ("size", "blocks"),
    [(None, 9), ((64, 64), 6), ((128, 128), 6), ((128, 256), 9), ((256, 256), 9), ((512, 512), 9)],
)
def test_resnet_blocks_follow_the_crop(size, blocks):
    network = on_meta(ResnetGenerator, 3, 3, size=size)
    assert sum(key.endswith("conv_block.1.weight") for key in network.state_dict()) == blocks
    assert (network.multiple_of, network.minimum_side) == (4, 8)


@pytest.mark.parametrize(
    ("size", "levels"),
    [
        *[(None, 8), ((256, 256), 8), ((1024, 512), 8), ((256, 128), 7), ((128, 128), 7)],
        *[((127, 127), 6), ((64, 64), 6), ((3, 3), 1), ((1, 1), 1)],
    ],
)
def test_unet_levels_follow_the_crop(size, levels):
    network = on_meta(UnetGenerator, 3, 3, size=size)
    assert network.multiple_of == network.minimum_side == 2**levels


def test_what_is_set_outweighs_the_crop():
    assert on_meta(UnetGenerator, 3, 3, levels=5, size=(256, 256)).multiple_of == 32
    assert (
        "model.12.weight" in on_meta(ResnetGenerator, 3, 3, blocks=2, size=(256, 256)).state_dict()
    )


@pytest.mark.parametrize(
    ("network", "smaller"),
    [
        (ResnetGenerator(3, 3, width=4, blocks=1), 4),
        (ResnetGenerator(3, 3, width=4, blocks=1, downs=0), 3),
        (ResnetGenerator(3, 3, width=4, blocks=1, downs=1, upsample="resize"), 2),
        (UnetGenerator(3, 3, width=4, levels=5), 16),
        (UnetGenerator(3, 3, width=4, levels=4, norm="instance", upsample="resize"), 8),
        (PatchDiscriminator(3, width=4), 23),
        (PatchDiscriminator(3, width=4, layers=1, norm="batch"), 5),
        (PixelDiscriminator(3, width=4), 1),
    ],
)
def test_one_image_of_the_minimum_side_trains_and_a_smaller_one_cannot(network, smaller):
    side = network.minimum_side
    network(torch.randn(1, 3, side, side)).square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
    with pytest.raises((ConfigError, RuntimeError, ValueError)):
        network(torch.randn(1, 3, smaller, smaller))


def test_unet_says_by_what_the_sides_must_divide():
    network = UnetGenerator(3, 3, width=2, levels=6)
    with pytest.raises(ConfigError, match="6 levels needs sides that divide by 64, not 64x96"):
        network(torch.randn(1, 3, 64, 96))


@pytest.mark.parametrize(("layers", "patch"), [(1, 16), (3, 70), (5, 286)])
def test_a_logit_sees_the_patch_of_the_paper(layers, patch):
    network = PatchDiscriminator(1, width=2, layers=layers, norm="none").double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(0.1)  # all positive: nothing cancels
    image = torch.ones(1, 1, 400, 400, dtype=torch.double, requires_grad=True)
    scores = network(image)
    middle = scores.shape[-1] // 2
    (seen,) = torch.autograd.grad(scores[0, 0, middle, middle], image)
    assert (seen[0, 0].sum(0) > 0).sum() == (seen[0, 0].sum(1) > 0).sum() == patch


# -- wiring, against plain functions ---------------------------------------------------------------


def standardised(x):
    spread = x.var((2, 3), correction=0, keepdim=True)
    return (x - x.mean((2, 3), keepdim=True)) / (spread + 1e-5).sqrt()


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
    """Do it the authors' way: a shortcut carries what its in-place activation left there."""

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
    ours = torch.autograd.grad((output * weight).sum(), inputs)
    theirs = torch.autograd.grad((expected * weight).sum(), inputs)
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-9)


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


def test_resnet_features_are_the_input_the_halvings_and_two_blocks():
    network = ResnetGenerator(3, 3, width=4, blocks=9)
    x = torch.randn(2, 3, 16, 24)
    seen = network.features(x)
    assert [tuple(feature.shape[1:]) for feature in seen] == [
        *[(3, 22, 30), (8, 8, 12), (16, 4, 6), (16, 4, 6), (16, 4, 6)]
    ]
    for feature, layer in zip(seen, (0, 4, 7, 10, 14), strict=True):
        torch.testing.assert_close(feature, network.model[: layer + 1](x))
    full = on_meta(ResnetGenerator, 3, 3).features(torch.empty(1, 3, 64, 64, device="meta"))
    assert [feature.shape[1] for feature in full] == [3, 128, 256, 256, 256]
    assert len(ResnetGenerator(3, 3, width=4, blocks=1).features(x)) == 4


def test_patch_features_are_the_activations_before_the_logits():
    network = PatchDiscriminator(3, width=4)
    x = torch.randn(1, 3, 32, 48)
    seen = network.features(x)
    assert [tuple(feature.shape[1:]) for feature in seen] == [
        *[(4, 16, 24), (8, 8, 12), (16, 4, 6), (32, 3, 5)]
    ]
    torch.testing.assert_close(network.model[-1](seen[-1]), network(x))
    assert [f.shape[1] for f in PixelDiscriminator(3, width=4).features(x)] == [4, 8]


# -- norms, dropout, upsampling --------------------------------------------------------------------


def test_instance_norm_gives_the_numbers_of_torchs():
    x = 3 * torch.randn(2, 5, 6, 7) + 1
    torch.testing.assert_close(InstanceNorm(5)(x), nn.InstanceNorm2d(5)(x))
    norm = InstanceNorm(1)
    assert not norm.state_dict()
    # 1, 3: mean 2, variance 1
    expected = torch.tensor([[[[-1.0, 1.0]]]]) / (1 + 1e-5) ** 0.5
    torch.testing.assert_close(norm(torch.tensor([[[[1.0, 3.0]]]])), expected)


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_instance_norm_has_right_gradients_in_both_memory_formats(memory):
    def loss(x):
        return (InstanceNorm(3)(x) * weight).sum()

    x = torch.randn(1, 3, 4, 5, dtype=torch.double).to(memory_format=memory)
    weight = torch.randn(1, 3, 4, 5, dtype=torch.double).to(memory_format=memory)
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(loss(x), x)
    with torch.no_grad():
        for place in range(x.numel()):
            nudge = torch.zeros(x.numel(), dtype=torch.double)
            nudge[place] = 1e-5
            nudge = nudge.view(x.shape)
            slope = (loss(x + nudge) - loss(x - nudge)) / 2e-5
            assert slope.item() == pytest.approx(gradient.reshape(-1)[place].item(), abs=1e-7)


def test_channels_last_moves_no_gradient_of_a_whole_resnet():
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


@pytest.mark.parametrize("factory", FACTORIES.values())
@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
def test_gradients_reach_every_parameter_but_biases_before_a_norm(factory, norm):
    generator = factory in (ResnetGenerator, UnetGenerator)
    network = factory(3, *([3] if generator else []), width=8, norm=norm).double()
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(module.weight)  # so that nothing fades on 18 layers
    side = network.minimum_side * 2 if factory is not UnetGenerator else 256
    network(torch.randn(2, 3, side, side, dtype=torch.double)).mul(100).sin().sum().backward()
    idle = {
        f"{key}.{index}.bias"
        for key, sequence in network.named_modules()
        if isinstance(sequence, nn.Sequential)
        for index, (_, after) in enumerate(pairwise(sequence))
        if isinstance(after, InstanceNorm)  # which takes the mean away again
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


def dropouts(network):
    return [key for key, module in network.named_modules() if isinstance(module, nn.Dropout)]


def test_dropout_sits_where_the_authors_put_it():
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
def test_resize_holds_no_transposed_convolution_and_keeps_the_size(factory):
    network = factory(3, 3, width=4, upsample="resize", size=(64, 64))
    assert not any(isinstance(module, nn.ConvTranspose2d) for module in network.modules())
    assert network(torch.randn(1, 3, 64, 128)).shape == (1, 3, 64, 128)
    # repeated pixels of a flat map stay flat, whatever the convolution: no checkerboard
    flat = upsample_layer("resize")(2, 3, 4, True)(torch.ones(1, 2, 4, 4))
    torch.testing.assert_close(flat, flat[..., :1, :1].expand_as(flat))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: norm_layer("instanse"), "norm: there is no 'instanse'. Did you mean 'instance'"),
        (lambda: ResnetGenerator(3, 3, norm="group"), "Choose from: batch, instance, none"),
        (lambda: UnetGenerator(3, 3, upsample="resise"), "upsample: .* Did you mean 'resize'"),
        (lambda: PatchDiscriminator(3, norm="bach"), "Did you mean 'batch'"),
        (lambda: ResnetGenerator(3, 3, blocks=0), "blocks: a resnet has at least one, not 0"),
        (lambda: UnetGenerator(3, 3, levels=0), "levels: a U-Net has at least one, not 0"),
    ],
)
def test_a_wrong_option_is_answered_with_the_right_one(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


@pytest.mark.parametrize("factory", FACTORIES.values())
def test_networks_run_in_bf16(factory):
    generator = factory in (ResnetGenerator, UnetGenerator)
    options = {"size": (32, 32)} if generator else {}
    network = factory(3, *([3] if generator else []), width=4, **options)
    x = torch.randn(2, 3, 32, 32)
    with torch.autocast("cpu", torch.bfloat16):
        output = network(x)
    assert output.dtype == torch.bfloat16
    output.float().sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters())
