"""The networks of SRGAN as plain code, and the difference to bicubic upscaling."""

import pytest
import torch
import torch.nn.functional as F
from network_checks import assert_same_function, batch_normed, draw_weights_

from translate_plugins.networks.srresnet import SrResnet, VggDiscriminator


def plain_srresnet(state, x, training, blocks):
    def conv(key, x):
        weight = state[f"{key}.weight"]
        return F.conv2d(x, weight, state.get(f"{key}.bias"), padding=weight.shape[2] // 2)

    def rectified(key, x):
        return x.clamp(min=0) + state[f"{key}.weight"] * x.clamp(max=0)

    def normed(key, x):
        return batch_normed(state, key, x, training)

    activations = x = rectified("head.1", conv("head.0", x))
    for block in (f"body.{index}.layers" for index in range(blocks)):
        inner = rectified(f"{block}.2", normed(f"{block}.1", conv(f"{block}.0", x)))
        x = x + normed(f"{block}.4", conv(f"{block}.3", inner))
    x = activations + normed(f"body.{blocks + 1}", conv(f"body.{blocks}", x))
    for doubling in ("tail.0", "tail.1"):
        four = conv(f"{doubling}.0", x).unflatten(1, (-1, 2, 2))  # for each position in the block
        x = torch.stack([torch.stack([*row.unbind(2)], 4).flatten(3) for row in four.unbind(2)], 3)
        x = rectified(f"{doubling}.2", x.flatten(2, 3))
    return conv("tail.2", x)


def plain_vgg(state, x, training):
    x = F.leaky_relu(F.conv2d(x, state["model.0.weight"], state["model.0.bias"], padding=1), 0.2)
    for index, key in enumerate(range(2, 23, 3)):
        x = F.conv2d(x, state[f"model.{key}.weight"], stride=1 + (index + 1) % 2, padding=1)
        x = F.leaky_relu(batch_normed(state, f"model.{key + 1}", x, training), 0.2)
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
    large = F.interpolate(images, (6 * scale, 9 * scale), mode="bicubic")
    assert torch.equal(network(images), large)
