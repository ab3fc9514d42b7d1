"""Padding that is computed again in the backward pass: equal gradients, in less memory."""

import weakref
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from translate.engine.optimization.networks.padding import recompute_padding

PADDINGS = [nn.ReflectionPad2d(2), nn.ReplicationPad2d((1, 2, 0, 3))]


def network(padding: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 4, 3), nn.InstanceNorm2d(4), nn.ReLU(inplace=True), padding]
    return nn.Sequential(*layers, nn.Conv2d(4, 2, 3), nn.Tanh())


def mean(images: Tensor, layers: nn.Module) -> Tensor:
    return layers(images).square().mean()


def gradient_penalty(images: Tensor, layers: nn.Module) -> Tensor:
    (gradient,) = torch.autograd.grad(mean(images, layers), images, create_graph=True)
    return gradient.square().sum()


@pytest.mark.parametrize("loss", [mean, gradient_penalty])
@pytest.mark.parametrize("padding", PADDINGS)
def test_gradients_are_equal_bit_for_bit(
    padding: nn.Module, loss: Callable[[Tensor, nn.Module], Tensor]
) -> None:
    layers, images = network(padding), torch.randn(2, 3, 9, 9, requires_grad=True)
    inputs = [images, *layers.parameters()]
    expected = torch.autograd.grad(loss(images, layers), inputs, allow_unused=True)
    with recompute_padding(layers):
        value = loss(images, layers)
    actual = torch.autograd.grad(value, inputs, allow_unused=True)
    torch.testing.assert_close(actual, expected, rtol=0, atol=0)


@pytest.mark.parametrize("padding", PADDINGS)
def test_a_padded_copy_is_freed_in_the_forward_pass(padding: nn.Module) -> None:
    layers, copies = network(padding), list[weakref.ref[Tensor]]()
    layers[3].register_forward_hook(lambda *call: copies.append(weakref.ref(call[2])))
    loss = mean(torch.randn(1, 3, 9, 9), layers)
    with recompute_padding(layers):
        loss_with_recomputed_padding = mean(torch.randn(1, 3, 9, 9), layers)
    assert [copy() is not None for copy in copies] == [True, False]
    (loss + loss_with_recomputed_padding).backward()


def test_networks_without_padding_have_no_hooks() -> None:
    saved = []  # by the hooks of this test, which hooks of `recompute_padding` would replace
    plain = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1))
    with torch.autograd.graph.saved_tensors_hooks(saved.append, saved.append):  # noqa: SIM117
        with recompute_padding(plain):
            plain(torch.randn(1, 3, 4, 4))
    assert saved
