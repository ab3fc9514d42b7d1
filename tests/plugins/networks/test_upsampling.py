"""Upsampling by repeated pixels instead of transposed convolutions."""

import pytest
import torch
from torch import nn

from translate_plugins.networks.resnet import ResnetGenerator
from translate_plugins.networks.unet import UnetGenerator
from translate_plugins.networks.upsampling import upsampler


@pytest.mark.parametrize("factory", [ResnetGenerator, UnetGenerator])
def test_resize_upsampling_has_no_transposed_convolution_and_no_checkerboard(factory):
    network = factory(3, 3, width=4, upsample="resize", size=(64, 64))
    assert not any(isinstance(module, nn.ConvTranspose2d) for module in network.modules())
    assert network(torch.randn(1, 3, 64, 128)).shape == (1, 3, 64, 128)
    # any convolution of a constant feature map with repeated pixels is constant
    flat = upsampler("resize")(2, 3, kernel=4, bias=True)(torch.ones(1, 2, 4, 4))
    torch.testing.assert_close(flat, flat[..., :1, :1].expand_as(flat))
