"""Blurs at each change of size: filters, keys of published checkpoints of CUT, plain code."""

import pytest
import torch
import torch.nn.functional as F
from network_checks import conv, on_meta, residual_block, shapes, standardised
from torch import nn

from translate_plugins.networks.antialiasing import BlurDown, BlurUp
from translate_plugins.networks.patch import PatchDiscriminator
from translate_plugins.networks.resnet import ResnetGenerator


def random_images(*shape):
    """Return random images in double precision."""
    return torch.randn(shape, dtype=torch.double)


def test_the_keys_of_cut_are_those_of_published_checkpoints():
    expected = {
        **conv("model.1", (64, 3, 7, 7)),
        **conv("model.4", (128, 64, 3, 3)),
        "model.7.filt": (128, 1, 3, 3),
        **conv("model.8", (256, 128, 3, 3)),
        "model.11.filt": (256, 1, 3, 3),
        "model.21.filt": (256, 1, 4, 4),
        **conv("model.22", (128, 256, 3, 3)),
        "model.25.filt": (128, 1, 4, 4),
        **conv("model.26", (64, 128, 3, 3)),
        **conv("model.30", (3, 64, 7, 7)),
    }
    for block in range(12, 21):
        expected |= residual_block(f"model.{block}", 256)
    assert shapes(on_meta(ResnetGenerator, 3, 3, antialias=True)) == expected
    assert shapes(on_meta(PatchDiscriminator, 3, antialias=True)) == {
        **conv("model.0", (64, 3, 4, 4)),
        "model.2.filt": (64, 1, 3, 3),
        **conv("model.3", (128, 64, 4, 4)),
        "model.6.filt": (128, 1, 3, 3),
        **conv("model.7", (256, 128, 4, 4)),
        "model.10.filt": (256, 1, 3, 3),
        **conv("model.11", (512, 256, 4, 4)),
        **conv("model.14", (1, 512, 4, 4)),
    }


def test_the_filters_of_the_blurs_are_constants():
    for network, constants in (
        (on_meta(ResnetGenerator, 3, 3, antialias=True), 9 * (128 + 256) + 16 * (256 + 128)),
        (on_meta(PatchDiscriminator, 3, antialias=True), 9 * (64 + 128 + 256)),
    ):
        assert sum(buffer.numel() for buffer in network.buffers()) == constants


@pytest.mark.parametrize("sides", [(6, 4), (5, 7)])
def test_downsampling_blurs_with_weights_1_2_1(sides):
    x = random_images(2, 3, *sides)

    def rows(x):
        mirrored = torch.cat([x[:, :, 1:2], x, x[:, :, -2:-1]], dim=2)
        blurred = mirrored[:, :, :-2] / 4 + mirrored[:, :, 1:-1] / 2 + mirrored[:, :, 2:] / 4
        return blurred[:, :, ::2]

    expected = rows(rows(x).mT).mT
    torch.testing.assert_close(BlurDown(3).double()(x), expected)


def test_downsampling_and_upsampling_one_bright_pixel_by_hand():
    dot = torch.zeros(1, 1, 4, 4)
    dot[..., 1, 2] = 16
    # row 2 has a quarter of row 1, row 0 a quarter and that of its mirror image; column 2 a half
    assert BlurDown(1)(dot).tolist() == [[[[0, 4], [0, 2]]]]
    kernel = torch.tensor([0.0, 1, 3, 3, 1, 0, 0, 0]).outer(
        torch.tensor([0.0, 0, 0, 1, 3, 3, 1, 0])
    )
    assert torch.equal(BlurUp(1)(dot)[0, 0], kernel)


def test_upsampling_is_linear_interpolation():
    x = random_images(2, 3, 5, 4)
    expected = F.interpolate(x, scale_factor=2, mode="bilinear")
    torch.testing.assert_close(BlurUp(3).double()(x), expected)


def with_random_parameters(network):
    """Return `network` in double precision, with large random weights and its own filters."""
    for parameter in network.double().parameters():
        nn.init.normal_(parameter, 0.0, 0.3)
    return network


class PlainLayers:
    """Layers by their keys in a state dict."""

    def __init__(self, network):
        self.state = network.state_dict()

    def conv(self, key, x, around=0, **options):
        x = F.pad(x, (around,) * 4, mode="reflect")
        return F.conv2d(x, self.state[f"{key}.weight"], self.state[f"{key}.bias"], **options)

    def block(self, key, x):
        inner = standardised(self.conv(f"{key}.conv_block.1", x, around=1)).relu()
        return x + standardised(self.conv(f"{key}.conv_block.5", inner, around=1))


def blurred_half(x):
    kernel = torch.tensor([1.0, 2.0, 1.0]).outer(torch.tensor([1.0, 2.0, 1.0])).to(x) / 16
    padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
    return F.conv2d(padded.flatten(0, 1)[:, None], kernel[None, None], stride=2).unflatten(
        0, x.shape[:2]
    )[:, :, 0]


def test_an_antialiased_resnet_blurs_at_each_change_of_size():
    network = with_random_parameters(
        ResnetGenerator(3, 2, width=4, blocks=2, antialias=True).double()
    )
    plain, images = PlainLayers(network), random_images(2, 3, 16, 24)
    x = standardised(plain.conv("model.1", images, around=3)).relu()
    for key in ("model.4", "model.8"):
        x = blurred_half(standardised(plain.conv(key, x, padding=1)).relu())
    for key in ("model.12", "model.13"):
        x = plain.block(key, x)
    for key in ("model.15", "model.19"):
        x = F.interpolate(x, scale_factor=2, mode="bilinear")
        x = standardised(plain.conv(key, x, padding=1)).relu()
    torch.testing.assert_close(network(images), plain.conv("model.23", x, around=3).tanh())


def test_an_antialiased_patch_discriminator_blurs_at_each_downsampling():
    network = with_random_parameters(
        PatchDiscriminator(3, width=4, layers=2, antialias=True).double()
    )
    plain, images = PlainLayers(network), random_images(2, 3, 32, 24)
    x = blurred_half(F.leaky_relu(plain.conv("model.0", images, padding=1), 0.2))
    x = blurred_half(F.leaky_relu(standardised(plain.conv("model.3", x, padding=1)), 0.2))
    x = F.leaky_relu(standardised(plain.conv("model.7", x, padding=1)), 0.2)
    torch.testing.assert_close(network(images), plain.conv("model.10", x, padding=1))
