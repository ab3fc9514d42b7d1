"""Norms by name: their values by hand, their gradients, and biases before them."""

import pytest
import torch
from torch import nn

from translate.errors import ConfigError
from translate.nn.norms import InstanceNorm, conv_bias, norm_layer, vector_norm_layer


def test_instance_norm_equals_that_of_torch():
    x = 3 * torch.randn(2, 5, 6, 7) + 1
    torch.testing.assert_close(InstanceNorm(5)(x), nn.InstanceNorm2d(5)(x))
    norm = InstanceNorm(1)
    assert not norm.state_dict()
    # 1, 3: mean 2, variance 1
    expected = torch.tensor([[[[-1.0, 1.0]]]]) / (1 + 1e-5) ** 0.5
    torch.testing.assert_close(norm(torch.tensor([[[[1.0, 3.0]]]])), expected)


def test_layer_norm_is_over_all_channels_of_one_image():
    # 1, 3, 5, 7: mean 4, variance 5
    expected = torch.tensor([-3.0, -1.0, 1.0, 3.0]) / (5 + 1e-5) ** 0.5
    x = torch.tensor([1.0, 3.0, 5.0, 7.0])
    two = torch.stack([x, 10 * x]).view(2, 2, 1, 2)  # it does not depend on the batch
    torch.testing.assert_close(norm_layer("layer")(2)(two)[0].flatten(), expected)
    torch.testing.assert_close(vector_norm_layer("layer")(4)(two.flatten(1))[0], expected)


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_instance_norm_has_correct_gradients_in_both_memory_formats(memory):
    def loss(x):
        return (InstanceNorm(3)(x) * weight).sum()

    x = torch.randn(1, 3, 4, 5, dtype=torch.double).to(memory_format=memory)
    weight = torch.randn(1, 3, 4, 5, dtype=torch.double).to(memory_format=memory)
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(loss(x), x)
    with torch.no_grad():
        for position in range(x.numel()):
            nudge = torch.zeros(x.numel(), dtype=torch.double)
            nudge[position] = 1e-5
            nudge = nudge.view(x.shape)
            slope = (loss(x + nudge) - loss(x - nudge)) / 2e-5
            assert slope.item() == pytest.approx(gradient.reshape(-1)[position].item(), abs=1e-7)


def test_a_convolution_has_a_bias_by_default_unless_batch_norm_follows():
    assert [conv_bias(norm) for norm in ("instance", "layer", "none", "batch")] == [1, 1, 1, 0]
    assert conv_bias("batch", True) and not conv_bias("none", False)


def test_an_unknown_norm_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match=r"norm: there is no 'instanse'. Did you mean 'inst"):
        norm_layer("instanse")
