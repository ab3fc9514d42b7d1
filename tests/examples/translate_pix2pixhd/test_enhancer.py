"""The local enhancer has the keys of published checkpoints, and sizes that depend on the crop."""

import pytest
import torch
from published_networks import PublishedEnhancer
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
