"""The networks of SRGAN, compared with plain code and with bicubic upscaling."""

import pytest
import torch
import torch.nn.functional as F
from network_checks import assert_same_function, draw_weights_, plain_batch_norm, plain_conv

from translate_plugins.networks.srresnet import SrResnet, VggDiscriminator


def plain_srresnet(state, x, training, blocks):
    def conv(key, x):
        return plain_conv(state, key, x, padding=state[f"{key}.weight"].shape[2] // 2)

    def prelu(key, x):
        return x.clamp(min=0) + state[f"{key}.weight"] * x.clamp(max=0)

    def batch_norm(key, x):
        return plain_batch_norm(state, key, x, training)

    activations = x = prelu("head.1", conv("head.0", x))
    for block in (f"body.{index}.layers" for index in range(blocks)):
        inner = prelu(f"{block}.2", batch_norm(f"{block}.1", conv(f"{block}.0", x)))
        x = x + batch_norm(f"{block}.4", conv(f"{block}.3", inner))
    x = activations + batch_norm(f"body.{blocks + 1}", conv(f"body.{blocks}", x))
    for upsampling in ("tail.0", "tail.1"):
        x = conv(f"{upsampling}.0", x).unflatten(1, (-1, 2, 2))  # a channel per pixel of 2x2
        x = x.permute(0, 1, 4, 2, 5, 3).flatten(4).flatten(2, 3)
        x = prelu(f"{upsampling}.2", x)
    return conv("tail.2", x)


def plain_vgg(state, x, training):
    x = F.leaky_relu(plain_conv(state, "model.0", x, padding=1), 0.2)
    for index, key in enumerate(range(2, 23, 3)):
        x = plain_conv(state, f"model.{key}", x, stride=1 + (index + 1) % 2, padding=1)
        x = F.leaky_relu(plain_batch_norm(state, f"model.{key + 1}", x, training), 0.2)
    x = F.linear(x.flatten(1), state["model.24.weight"], state["model.24.bias"])
    return F.linear(F.leaky_relu(x, 0.2), state["model.26.weight"], state["model.26.bias"])


@pytest.mark.parametrize("training", [True, False])
def test_srgan_networks_are_the_functions_of_the_paper(training):
    network = draw_weights_(SrResnet(3, 2, width=3, blocks=2, scale=4).double()).train(training)
    images = torch.randn(3, 3, 5, 4, dtype=torch.double)
    assert_same_function(network, lambda s, x: plain_srresnet(s, x, training, 2), images)
    network = draw_weights_(VggDiscriminator(3, width=2, size=(20, 33)).double()).train(training)
    images = torch.randn(3, 3, 20, 33, dtype=torch.double)
    assert_same_function(network, lambda s, x: plain_vgg(s, x, training), images)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_a_residual_srresnet_predicts_the_difference_to_bicubic_upscaling(scale):
    network = SrResnet(3, 3, width=4, blocks=1, scale=scale, residual=True)
    images = torch.randn(2, 3, 6, 9)
    with torch.no_grad():
        for parameter in network.tail[-1].parameters():
            parameter.zero_()
    bicubic = F.interpolate(images, (6 * scale, 9 * scale), mode="bicubic")
    assert torch.equal(network(images), bicubic)
