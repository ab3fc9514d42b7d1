"""Blurs before downsampling and after upsampling, as in CUT: filters, keys, and plain code."""

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

from translate_plugins.networks.antialiasing import BlurDown, BlurUp
from translate_plugins.networks.patch import PatchDiscriminator
from translate_plugins.networks.resnet import ResnetGenerator


def random_images(*shape):
    """Return random images in double precision."""
    return torch.randn(shape, dtype=torch.double)


def test_antialiased_networks_have_the_keys_and_shapes_of_published_checkpoints_of_cut():
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


@pytest.mark.parametrize("sides", [(6, 4), (5, 7)])
def test_downsampling_blurs_with_weights_1_2_1(sides):
    def downsample_height(x):
        mirrored = torch.cat([x[:, :, 1:2], x, x[:, :, -2:-1]], dim=2)
        blurred = mirrored[:, :, :-2] / 4 + mirrored[:, :, 1:-1] / 2 + mirrored[:, :, 2:] / 4
        return blurred[:, :, ::2]

    x = random_images(2, 3, *sides)
    expected = downsample_height(downsample_height(x).mT).mT
    torch.testing.assert_close(BlurDown(3).double()(x), expected)


def test_downsampling_and_upsampling_one_bright_pixel_by_hand():
    dot = torch.zeros(1, 1, 4, 4)
    dot[..., 1, 2] = 16
    # output row 0 gets a quarter of row 1 and a quarter of its reflection, output row 1 a quarter
    # of row 1; output column 1 gets half of column 2
    assert BlurDown(1)(dot).tolist() == [[[[0, 4], [0, 2]]]]
    rows, columns = torch.tensor([[0.0, 1, 3, 3, 1, 0, 0, 0], [0, 0, 0, 1, 3, 3, 1, 0]])
    assert torch.equal(BlurUp(1)(dot)[0, 0], rows.outer(columns))


def test_upsampling_is_linear_interpolation():
    x = random_images(2, 3, 5, 4)
    expected = F.interpolate(x, scale_factor=2, mode="bilinear")
    torch.testing.assert_close(BlurUp(3).double()(x), expected)


def blur_and_downsample(x):
    kernel = torch.tensor([1.0, 2.0, 1.0]).outer(torch.tensor([1.0, 2.0, 1.0])).to(x) / 16
    channels = x.shape[1]
    padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
    return F.conv2d(padded, kernel.expand(channels, 1, 3, 3), stride=2, groups=channels)


def plain_antialiased_resnet(state, x):
    x = plain_instance_norm(plain_conv(state, "model.1", x, reflect=3)).relu()
    for key in ("model.4", "model.8"):
        x = plain_instance_norm(plain_conv(state, key, x, padding=1)).relu()
        x = blur_and_downsample(x)
    for key in ("model.12", "model.13"):
        x = plain_residual_block(state, key, x)
    for key in ("model.15", "model.19"):
        x = F.interpolate(x, scale_factor=2, mode="bilinear")
        x = plain_instance_norm(plain_conv(state, key, x, padding=1)).relu()
    return plain_conv(state, "model.23", x, reflect=3).tanh()


def test_an_antialiased_resnet_blurs_at_each_change_of_size():
    network = draw_weights_(ResnetGenerator(3, 2, width=4, blocks=2, antialias=True).double())
    assert_same_function(network, plain_antialiased_resnet, random_images(2, 3, 16, 24))


def plain_antialiased_patch(state, x):
    x = blur_and_downsample(F.leaky_relu(plain_conv(state, "model.0", x, padding=1), 0.2))
    x = F.leaky_relu(plain_instance_norm(plain_conv(state, "model.3", x, padding=1)), 0.2)
    x = plain_conv(state, "model.7", blur_and_downsample(x), padding=1)
    return plain_conv(state, "model.10", F.leaky_relu(plain_instance_norm(x), 0.2), padding=1)


def test_an_antialiased_patch_discriminator_blurs_at_each_downsampling():
    network = draw_weights_(PatchDiscriminator(3, width=4, layers=2, antialias=True).double())
    assert_same_function(network, plain_antialiased_patch, random_images(2, 3, 32, 24))
