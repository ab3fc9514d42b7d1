"""Norms by name have correct values and gradients; convolutions before them have a bias or none."""

import pytest
import torch
from torch import nn

from translate.errors import ConfigError
from translate.nn.norms import InstanceNorm, conv_bias, norm_layer, vector_norm_layer


def test_instance_norm_equals_the_one_of_torch():
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
    image = torch.tensor([1.0, 3.0, 5.0, 7.0])
    other_image = 10 * image  # must not change the output for `image`
    batch = torch.stack([image, other_image]).view(2, 2, 1, 2)
    torch.testing.assert_close(norm_layer("layer")(2)(batch)[0].flatten(), expected)
    torch.testing.assert_close(vector_norm_layer("layer")(4)(batch.flatten(1))[0], expected)


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_instance_norm_has_correct_gradients_in_both_memory_formats(memory):
    x = torch.randn(1, 3, 4, 5, dtype=torch.double).to(memory_format=memory).requires_grad_()
    assert torch.autograd.gradcheck(InstanceNorm(3), x)


@pytest.mark.parametrize(
    ("norm", "has_bias"), [("instance", True), ("layer", True), ("none", True), ("batch", False)]
)
def test_a_convolution_has_a_bias_by_default_unless_batch_norm_follows(norm, has_bias):
    assert conv_bias(norm) is has_bias
    assert conv_bias(norm, bias=not has_bias) is not has_bias


def test_an_unknown_norm_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match=r"norm: there is no 'instanse'. Did you mean 'inst"):
        norm_layer("instanse")
