"""The U-Net: keys of published checkpoints, depth, and plain code."""

import pytest
import torch
import torch.nn.functional as F
from network_checks import (
    assert_same_function,
    batch_norm,
    draw_weights_,
    on_meta,
    plain_batch_norm,
    plain_conv,
    shapes,
)

from translate.errors import ConfigError
from translate.nn.geometry import Geometry
from translate_plugins.networks.resnet import ResnetGenerator
from translate_plugins.networks.unet import UnetGenerator


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


@pytest.mark.parametrize(
    ("size", "levels"),
    [
        *[(None, 8), ((256, 256), 8), ((1024, 512), 8), ((256, 128), 7), ((128, 128), 7)],
        *[((127, 127), 6), ((64, 64), 6), ((3, 3), 1), ((1, 1), 1)],
    ],
)
def test_the_number_of_unet_levels_depends_on_the_size_of_crops(size, levels):
    network = on_meta(UnetGenerator, 3, 3, size=size)
    assert network.geometry == Geometry(2**levels, 2**levels)


def test_explicit_numbers_of_levels_and_blocks_take_precedence_over_the_size_of_crops():
    assert on_meta(UnetGenerator, 3, 3, levels=5, size=(256, 256)).geometry.multiple_of == 32
    resnet = on_meta(ResnetGenerator, 3, 3, blocks=2, size=(256, 256))
    assert "model.12.weight" in resnet.state_dict()  # the first upsampling, after two blocks


def test_an_image_with_sides_that_do_not_divide_is_refused_with_the_divisor():
    network = UnetGenerator(3, 3, width=2, levels=6)
    with pytest.raises(ConfigError, match="6 levels needs sides that divide by 64, not 64x96"):
        network(torch.randn(1, 3, 64, 96))


def plain_unet(state, x, levels, training):
    """Compute a U-Net as the authors do: skip connections carry the in-place activations."""

    def norm(key, x):
        return plain_batch_norm(state, key, x, training)

    def up(key, x, bias=None):
        return F.conv_transpose2d(x.relu(), state[f"{key}.weight"], bias, stride=2, padding=1)

    prefixes = ["model.model.1.model" + ".3.model" * depth for depth in range(levels - 1)]
    skip_connections = []
    x = plain_conv(state, "model.model.0", x, stride=2, padding=1)
    for prefix in prefixes:
        x = F.leaky_relu(x, 0.2)
        skip_connections.append(x)
        x = plain_conv(state, f"{prefix}.1", x, stride=2, padding=1)
        if prefix != prefixes[-1]:
            x = norm(f"{prefix}.2", x)
    for prefix in reversed(prefixes):
        conv_key, norm_key = (3, 4) if prefix == prefixes[-1] else (5, 6)
        x = norm(f"{prefix}.{norm_key}", up(f"{prefix}.{conv_key}", x))
        x = torch.cat([skip_connections.pop(), x], 1)
    return up("model.model.3", x, state["model.model.3.bias"]).tanh()


@pytest.mark.parametrize("training", [True, False])
def test_unet_is_the_function_of_the_paper(training):
    network = draw_weights_(UnetGenerator(3, 2, width=3, levels=6, dropout=0.0).double())
    network.train(training)
    images = torch.randn(2, 3, 64, 128, dtype=torch.double)
    assert_same_function(network, lambda state, x: plain_unet(state, x, 6, training), images)
