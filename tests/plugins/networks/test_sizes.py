"""Sizes of images: halving them, and networks that accept only one size."""

import pytest
import torch
from network_checks import small_network

from translate.errors import ConfigError
from translate_plugins.networks.dcgan import DcganDiscriminator, DcganEncoder
from translate_plugins.networks.mlp import MlpDiscriminator, MlpEncoder
from translate_plugins.networks.sizes import halve_sides, halvings_and_final_size
from translate_plugins.networks.srresnet import VggDiscriminator


@pytest.mark.parametrize(
    ("size", "times", "smallest"),
    [
        *[((28, 28), 2, (7, 7)), ((32, 32), 3, (4, 4)), ((64, 64), 4, (4, 4))],
        *[((64, 32), 3, (8, 4)), ((48, 96), 3, (6, 12)), ((256, 256), 6, (4, 4))],
        *[((9, 9), 0, (9, 9)), ((6, 12), 0, (6, 12)), ((1, 1), 0, (1, 1))],
    ],
)
def test_dcgan_halves_sides_while_they_are_even_and_at_least_four(size, times, smallest):
    assert halvings_and_final_size(size) == (times, smallest)
    with pytest.raises(ConfigError, match="6x64 can be halved to 6x64 only"):
        halvings_and_final_size((6, 64))


@pytest.mark.parametrize(
    "factory",
    [DcganEncoder, DcganDiscriminator, MlpEncoder, MlpDiscriminator, VggDiscriminator],
)
def test_a_network_for_one_size_of_images_refuses_another_size(factory):
    network = small_network(factory, (16, 16), width=4)
    methods = [network, network.features] if hasattr(network, "features") else [network]
    for sides in ((16, 32), (8, 8)):
        for method in methods:
            with pytest.raises(ConfigError, match="takes images of 16x16 pixels, not"):
                method(torch.randn(2, 3, *sides))


def test_halving_averages_three_pixels_and_two_at_the_border():
    row = torch.tensor([[[[1.0, 2.0, 6.0, 7.0]]]])
    assert halve_sides(row).tolist() == [[[[1.5, 5.0]]]]
    column = torch.tensor([1.0, 2.0, 6.0]).view(1, 1, 3, 1)
    assert halve_sides(column).flatten().tolist() == [1.5, 4.0]
