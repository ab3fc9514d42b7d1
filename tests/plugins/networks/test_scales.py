"""The discriminator of several scales: sizes, scores and features."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from translate.errors import ConfigError
from translate.nn.features import features_of, output_and_features
from translate_plugins.networks.scales import ScalesDiscriminator
from translate_plugins.networks.sizes import halve

NARROW = {"name": "patch", "width": 4, "layers": 1, "padding": 2}


def test_each_discriminator_gets_half_the_size_of_the_previous_one():
    network = ScalesDiscriminator(3, of=NARROW, count=3)
    x = torch.randn(2, 3, 33, 24)
    scores = network(x)
    assert [len(scores), *(one.ndim for one in scores)] == [3, 4, 4, 4]
    for score, discriminator in zip(scores, network.networks, strict=True):
        assert torch.equal(score, discriminator(x))
        x = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)


def test_one_pass_gives_the_scores_and_features_of_two():
    network = ScalesDiscriminator(3, of=NARROW)
    x = torch.randn(2, 3, 32, 32)
    scores, features = output_and_features(network, x)
    for actual, expected in ((scores, network(x)), (features, network.features(x))):
        assert len(actual) == len(expected)
        assert all(torch.equal(one, other) for one, other in zip(actual, expected, strict=True))
    first, second = network.networks
    expected = [*features_of(first)(x), *features_of(second)(halve(x))]
    assert [one.shape for one in features] == [one.shape for one in expected]
    assert all(torch.equal(one, other) for one, other in zip(features, expected, strict=True))


def test_a_discriminator_with_separate_features_is_called_twice():
    passes: list[Tensor] = []
    network = ScalesDiscriminator(3, of={"name": "pixel", "width": 4})
    network.networks[0].net[0].register_forward_hook(
        lambda _m, inputs, _o: passes.append(inputs[0])
    )
    _, features = output_and_features(network, torch.randn(2, 3, 8, 8))
    assert len(passes) == 2
    assert len(features) == 4


def test_the_smallest_scale_determines_the_minimum_size():
    network = ScalesDiscriminator(3, of={"name": "patch", "width": 4}, count=3)
    # 24 pixels for the last, so 4 * 23 + 1 for the first: 93, 47, 24
    assert (network.geometry.multiple_of, network.geometry.minimum) == (1, 93)
    assert [one.shape[-1] > 0 for one in network(torch.randn(1, 3, 93, 93))] == [True] * 3
    with pytest.raises((RuntimeError, ValueError)):
        network(torch.randn(1, 3, 92, 92))


def test_networks_of_one_size_are_built_for_the_size_of_their_scale():
    network = ScalesDiscriminator(3, of={"name": "mlp", "width": 4}, count=3, size=(17, 12))
    assert [tuple(one.shape[:2]) for one in network(torch.randn(2, 3, 17, 12))] == [(2, 1)] * 3


def test_zero_scales_are_refused():
    with pytest.raises(ConfigError, match="count: expected 1 scale or more, got 0"):
        ScalesDiscriminator(3, count=0)
