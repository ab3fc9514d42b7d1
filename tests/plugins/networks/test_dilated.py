"""The network of dilated convolutions, compared with plain code."""

import pytest
import torch
import torch.nn.functional as F
from network_checks import assert_same_function, draw_weights_, plain_conv

from translate_plugins.networks.dilated import DilatedGenerator


def plain_dilated(state, x, blocks, factor):
    def conv(key, x, dilation=1):
        return plain_conv(state, key, x, padding=dilation, dilation=dilation)

    x = conv("model.1", x.unfold(2, factor, factor).unfold(3, factor, factor).mean((4, 5)))
    for block, dilation in zip(range(2, 2 + blocks), [1, 2, 4, 1, 1], strict=False):
        inner = conv(f"model.{block}.wide", x.relu(), dilation)
        x = x + conv(f"model.{block}.near", inner.relu())
    output = conv(f"model.{blocks + 3}", x.relu())
    return F.interpolate(output, scale_factor=factor, mode="bilinear")


@pytest.mark.parametrize(("blocks", "factor"), [(5, 2), (4, 4)])
def test_the_dilated_network_corrects_pixel_means_and_upsamples_bilinearly(blocks, factor):
    network = draw_weights_(
        DilatedGenerator(4, 3, width=3, blocks=blocks, downsampling=factor).double()
    )
    images = torch.randn(2, 4, 8, 12, dtype=torch.double)
    assert_same_function(network, lambda s, x: plain_dilated(s, x, blocks, factor), images)
