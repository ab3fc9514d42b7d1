"""The local enhancer has the keys of published checkpoints, and the outputs of plain functions."""

import pytest
import torch
import torch.nn.functional as F
from published_networks import PublishedEnhancer
from torch import nn
from translate_pix2pixhd.enhancer import EnhancerGenerator

from translate.testing import check_generator


@pytest.mark.parametrize("options", [{}, {"norm": "batch", "downsamplings": 1}])
def test_the_enhancer_keeps_the_rules(options):
    check_generator("enhancer", coarse_blocks=1, **options)


def test_keys_and_shapes_are_those_of_the_published_network():
    with torch.device("meta"):
        generator = EnhancerGenerator(3, 3, blocks=2, downsamplings=3)
        published = PublishedEnhancer(32, 9)
        default = EnhancerGenerator(36, 3)
    shapes, published_shapes = (
        {key: tensor.shape for key, tensor in network.state_dict().items()}
        for network in (generator, published)
    )
    assert shapes == published_shapes
    assert sum(p.numel() for p in default.parameters()) == 182_857_059
    assert len(default.state_dict()) == 74


class PlainLayers:
    """Layers computed by plain functions, with the tensors of a state dict."""

    def __init__(self, network):
        self.state = network.state_dict()

    def conv(self, key, x, reflection_padding=0, **options):
        x = F.pad(x, (reflection_padding,) * 4, mode="reflect")
        return F.conv2d(x, self.state[f"{key}.weight"], self.state[f"{key}.bias"], **options)

    def upsample(self, key, x):
        weight, bias = self.state[f"{key}.weight"], self.state[f"{key}.bias"]
        x = F.conv_transpose2d(x, weight, bias, stride=2, padding=1, output_padding=1)
        return F.instance_norm(x).relu()

    def residual_block(self, key, x):
        hidden = F.instance_norm(self.conv(f"{key}.conv_block.1", x, reflection_padding=1)).relu()
        return x + F.instance_norm(self.conv(f"{key}.conv_block.5", hidden, reflection_padding=1))


def test_the_enhancer_adds_features_of_the_coarse_generator_at_half_the_size():
    torch.manual_seed(0)
    network = EnhancerGenerator(3, 2, width=2, blocks=2, coarse_blocks=1, downsamplings=1)
    for parameter in network.double().parameters():
        nn.init.normal_(parameter, 0.0, 0.3)
    layers, images = PlainLayers(network), torch.randn(2, 3, 16, 24, dtype=torch.double)
    small = F.avg_pool2d(images, 3, stride=2, padding=1, count_include_pad=False)
    coarse = F.instance_norm(layers.conv("model.1", small, reflection_padding=3)).relu()
    coarse = F.instance_norm(layers.conv("model.4", coarse, stride=2, padding=1)).relu()
    coarse = layers.upsample("model.8", layers.residual_block("model.7", coarse))
    x = F.instance_norm(layers.conv("model1_1.1", images, reflection_padding=3)).relu()
    x = F.instance_norm(layers.conv("model1_1.4", x, stride=2, padding=1)).relu() + coarse
    for key in ("model1_2.0", "model1_2.1"):
        x = layers.residual_block(key, x)
    x = layers.upsample("model1_2.2", x)
    expected = layers.conv("model1_2.6", x, reflection_padding=3).tanh()
    torch.testing.assert_close(network(images), expected)


@pytest.mark.parametrize(
    ("options", "multiple", "minimum"),
    [
        ({"downsamplings": 4}, 32, 64),
        ({"downsamplings": 1}, 4, 8),
        ({"size": (256, 512)}, 32, 64),
        ({"size": (64, 96)}, 32, 64),
        ({"size": (32, 96)}, 16, 32),
        ({"size": (16, 16)}, 8, 16),
        ({}, 32, 64),
    ],
)
def test_downsamplings_of_the_coarse_generator_depend_on_the_crop(options, multiple, minimum):
    network = EnhancerGenerator(3, 3, width=2, blocks=1, coarse_blocks=1, **options)
    assert (network.geometry.multiple_of, network.geometry.minimum) == (multiple, minimum)
    x = torch.randn(1, 3, minimum, minimum + multiple)
    output = network(x)
    assert output.shape == x.shape
    output.sum().backward()
    with pytest.raises((RuntimeError, ValueError)):
        network(torch.randn(1, 3, minimum // 2, minimum // 2))
