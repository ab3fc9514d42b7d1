"""The local enhancer: keys of published checkpoints, and plain functions."""

import pytest
import torch
import torch.nn.functional as F
from published_networks import Enhancer
from torch import nn
from translate_pix2pixhd.enhancer import EnhancerGenerator

from translate.testing import check_generator


@pytest.mark.parametrize("options", [{}, {"norm": "batch", "downsamplings": 1}])
def test_the_enhancer_keeps_the_rules(options):
    check_generator("enhancer", coarse_blocks=1, **options)


def test_keys_and_shapes_are_those_of_the_published_network():
    with torch.device("meta"):
        ours = EnhancerGenerator(3, 3, blocks=2, downsamplings=3)
        published = Enhancer(32, 9)
        full = EnhancerGenerator(36, 3)
    shapes = [{k: t.shape for k, t in n.state_dict().items()} for n in (ours, published)]
    assert shapes[0] == shapes[1]
    assert sum(p.numel() for p in full.parameters()) == 182_857_059
    assert len(full.state_dict()) == 74


def standardised(x):
    variance = x.var((2, 3), correction=0, keepdim=True)
    return (x - x.mean((2, 3), keepdim=True)) / (variance + 1e-5).sqrt()


class Plain:
    """Layers by their keys in a state dict."""

    def __init__(self, network):
        self.state = network.state_dict()

    def conv(self, key, x, around=0, **options):
        x = F.pad(x, (around,) * 4, mode="reflect")
        return F.conv2d(x, self.state[f"{key}.weight"], self.state[f"{key}.bias"], **options)

    def double(self, key, x):
        weight, bias = self.state[f"{key}.weight"], self.state[f"{key}.bias"]
        x = F.conv_transpose2d(x, weight, bias, stride=2, padding=1, output_padding=1)
        return standardised(x).relu()

    def block(self, key, x):
        inner = standardised(self.conv(f"{key}.conv_block.1", x, around=1)).relu()
        return x + standardised(self.conv(f"{key}.conv_block.5", inner, around=1))


def test_the_enhancer_adds_features_of_the_coarse_generator_at_half_the_size():
    torch.manual_seed(0)
    network = EnhancerGenerator(3, 2, width=2, blocks=2, coarse_blocks=1, downsamplings=1)
    for parameter in network.double().parameters():
        nn.init.normal_(parameter, 0.0, 0.3)
    plain, images = Plain(network), torch.randn(2, 3, 16, 24, dtype=torch.double)
    small = F.avg_pool2d(images, 3, stride=2, padding=1, count_include_pad=False)
    coarse = standardised(plain.conv("model.1", small, around=3)).relu()
    coarse = standardised(plain.conv("model.4", coarse, stride=2, padding=1)).relu()
    coarse = plain.double("model.8", plain.block("model.7", coarse))
    x = standardised(plain.conv("model1_1.1", images, around=3)).relu()
    x = standardised(plain.conv("model1_1.4", x, stride=2, padding=1)).relu() + coarse
    for key in ("model1_2.0", "model1_2.1"):
        x = plain.block(key, x)
    x = plain.double("model1_2.2", x)
    torch.testing.assert_close(network(images), plain.conv("model1_2.6", x, around=3).tanh())


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
