"""The PatchGAN and pixel discriminators: keys, receptive field, features, and plain code."""

import pytest
import torch
import torch.nn.functional as F
from network_checks import (
    assert_same_function,
    batch_norm,
    conv,
    draw_weights_,
    on_meta,
    plain_conv,
    plain_instance_norm,
    shapes,
)

from translate_plugins.networks.patch import PatchDiscriminator, PixelDiscriminator


def test_patch_keys_and_shapes_are_those_of_published_checkpoints():
    assert shapes(on_meta(PatchDiscriminator, 3)) == {
        **conv("model.0", (64, 3, 4, 4)),
        **conv("model.2", (128, 64, 4, 4)),
        **conv("model.5", (256, 128, 4, 4)),
        **conv("model.8", (512, 256, 4, 4)),
        **conv("model.11", (1, 512, 4, 4)),
    }
    assert shapes(on_meta(PatchDiscriminator, 6, norm="batch")) == {
        **conv("model.0", (64, 6, 4, 4)),
        **conv("model.2", (128, 64, 4, 4), bias=False),
        **batch_norm("model.3", 128),
        **conv("model.5", (256, 128, 4, 4), bias=False),
        **batch_norm("model.6", 256),
        **conv("model.8", (512, 256, 4, 4), bias=False),
        **batch_norm("model.9", 512),
        **conv("model.11", (1, 512, 4, 4)),
    }
    assert shapes(on_meta(PixelDiscriminator, 3)) == {
        **conv("net.0", (64, 3, 1, 1)),
        **conv("net.2", (128, 64, 1, 1)),
        **conv("net.5", (1, 128, 1, 1)),
    }


@pytest.mark.parametrize(("layers", "patch"), [(1, 16), (3, 70), (5, 286)])
def test_a_logit_has_the_receptive_field_of_the_paper(layers, patch):
    network = PatchDiscriminator(1, width=2, layers=layers, norm="none").double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(0.1)  # all positive, so that nothing cancels
    image = torch.ones(1, 1, 400, 400, dtype=torch.double, requires_grad=True)
    scores = network(image)
    middle = scores.shape[-1] // 2
    (gradient,) = torch.autograd.grad(scores[0, 0, middle, middle], image)
    assert (gradient[0, 0].sum(0) > 0).sum() == (gradient[0, 0].sum(1) > 0).sum() == patch


def plain_patch(state, x):
    for index, stride in ((0, 2), (2, 2), (5, 2), (8, 1)):
        x = plain_conv(state, f"model.{index}", x, stride=stride, padding=1)
        x = F.leaky_relu(plain_instance_norm(x) if index else x, 0.2)
    return plain_conv(state, "model.11", x, padding=1)


def test_patch_is_the_function_of_the_paper():
    network = draw_weights_(PatchDiscriminator(3, width=4).double())
    assert_same_function(network, plain_patch, torch.randn(2, 3, 40, 32, dtype=torch.double))


def test_patch_features_are_the_activations_before_the_logits():
    network = PatchDiscriminator(3, width=4)
    x = torch.randn(1, 3, 32, 48)
    features = network.features(x)
    sizes = [tuple(feature.shape[1:]) for feature in features]
    assert sizes == [(4, 16, 24), (8, 8, 12), (16, 4, 6), (32, 3, 5)]
    torch.testing.assert_close(network.model[-1](features[-1]), network(x))
    assert [f.shape[1] for f in PixelDiscriminator(3, width=4).features(x)] == [4, 8]
