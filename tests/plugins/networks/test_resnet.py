"""The ResNet generator: keys of published checkpoints, depth, features, and plain code."""

import pytest
import torch
import torch.nn.functional as F
from network_checks import (
    assert_same_function,
    conv,
    draw_weights_,
    on_meta,
    plain_conv,
    plain_instance_norm,
    plain_residual_block,
    residual_block,
    shapes,
)

from translate_plugins.networks.resnet import ResnetGenerator


@pytest.mark.parametrize(
    ("options", "blocks", "second_conv"),
    [({}, 9, 5), ({"blocks": 6}, 6, 5), ({"dropout": 0.5}, 9, 6)],
)
def test_resnet_keys_and_shapes_are_those_of_published_checkpoints(options, blocks, second_conv):
    up = 10 + blocks  # number of the first upsampling layer
    expected = {
        **conv("model.1", (64, 3, 7, 7)),
        **conv("model.4", (128, 64, 3, 3)),
        **conv("model.7", (256, 128, 3, 3)),
        **conv(f"model.{up}", (256, 128, 3, 3), transposed=True),
        **conv(f"model.{up + 3}", (128, 64, 3, 3), transposed=True),
        **conv(f"model.{up + 7}", (3, 64, 7, 7)),
    }
    for block in range(10, up):
        expected |= residual_block(f"model.{block}", 256, second_conv)
    assert shapes(on_meta(ResnetGenerator, 3, 3, **options)) == expected


def test_pix2pixhd_keys_and_shapes_are_those_of_published_checkpoints():
    expected = conv("model.1", (64, 36, 7, 7)) | conv("model.38", (3, 64, 7, 7))
    for level, (inner, outer) in enumerate([(64, 128), (128, 256), (256, 512), (512, 1024)]):
        expected |= conv(f"model.{4 + 3 * level}", (outer, inner, 3, 3))
        expected |= conv(f"model.{34 - 3 * level}", (outer, inner, 3, 3), transposed=True)
    for block in range(16, 25):
        expected |= residual_block(f"model.{block}", 1024)
    assert shapes(on_meta(ResnetGenerator, 36, 3, downsamplings=4)) == expected


@pytest.mark.parametrize(
    ("size", "blocks"),
    [(None, 9), ((64, 64), 6), ((128, 128), 6), ((128, 256), 9), ((256, 256), 9), ((512, 512), 9)],
)
def test_the_number_of_resnet_blocks_depends_on_the_size_of_crops(size, blocks):
    network = on_meta(ResnetGenerator, 3, 3, size=size)
    assert sum(key.endswith("conv_block.1.weight") for key in network.state_dict()) == blocks
    assert (network.geometry.multiple_of, network.geometry.minimum) == (4, 8)


def plain_resnet(state, x, blocks):
    x = plain_instance_norm(plain_conv(state, "model.1", x, reflect=3)).relu()
    for key in ("model.4", "model.7"):
        x = plain_instance_norm(plain_conv(state, key, x, stride=2, padding=1)).relu()
    for index in range(10, 10 + blocks):
        x = plain_residual_block(state, f"model.{index}", x)
    for key in (f"model.{10 + blocks}", f"model.{13 + blocks}"):
        weight, bias = state[f"{key}.weight"], state[f"{key}.bias"]
        x = F.conv_transpose2d(x, weight, bias, stride=2, padding=1, output_padding=1)
        x = plain_instance_norm(x).relu()
    return plain_conv(state, f"model.{17 + blocks}", x, reflect=3).tanh()


def test_resnet_is_the_function_of_the_paper():
    network = draw_weights_(ResnetGenerator(3, 2, width=4, blocks=3).double())
    images = torch.randn(2, 3, 24, 32, dtype=torch.double)
    assert_same_function(network, lambda state, x: plain_resnet(state, x, 3), images)


def test_resnet_features_are_the_input_the_downsamplings_and_two_blocks():
    network = ResnetGenerator(3, 3, width=4, blocks=9)
    x = torch.randn(2, 3, 16, 24)
    features = network.features(x)
    sizes = [tuple(feature.shape[1:]) for feature in features]
    assert sizes == [(3, 22, 30), (8, 8, 12), (16, 4, 6), (16, 4, 6), (16, 4, 6)]
    for feature, layer in zip(features, (0, 4, 7, 10, 14), strict=True):
        torch.testing.assert_close(feature, network.model[: layer + 1](x))
    assert len(ResnetGenerator(3, 3, width=4, blocks=1).features(x)) == 4


def test_channels_last_does_not_change_gradients_of_a_resnet():
    gradients = []
    network = ResnetGenerator(3, 3, width=4, blocks=2).double()
    images, weight = torch.randn(2, 1, 3, 16, 16, dtype=torch.double)
    for memory in (torch.contiguous_format, torch.channels_last):
        network.to(memory_format=memory)
        output = network(images.to(memory_format=memory))
        loss = (output * weight.to(memory_format=memory)).sum()
        gradients.append(torch.autograd.grad(loss, list(network.parameters())))
    torch.testing.assert_close(*gradients)
