"""The multi-scale discriminator: sizes, scores and features."""

import pytest
import torch
import torch.nn.functional as F

from translate.errors import ConfigError
from translate.nn.features import features_of, output_and_features
from translate_plugins.networks.scales import ScalesDiscriminator
from translate_plugins.networks.sizes import halve_sides

SMALL_PATCH = {"name": "patch", "width": 4, "layers": 1, "padding": 2}


def test_each_discriminator_gets_images_of_half_the_size_of_the_previous_scale():
    network = ScalesDiscriminator(3, of=SMALL_PATCH, count=3)
    x = torch.randn(2, 3, 33, 24)
    scores = network(x)
    assert [score.ndim for score in scores] == [4, 4, 4]
    for score, discriminator in zip(scores, network.networks, strict=True):
        assert torch.equal(score, discriminator(x))
        x = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)


def test_scores_and_features_of_one_forward_pass_are_those_of_separate_passes():
    network = ScalesDiscriminator(3, of=SMALL_PATCH)
    x = torch.randn(2, 3, 32, 32)
    scores, features = output_and_features(network, x)
    first, second = network.networks
    features_by_scale = [*features_of(first)(x), *features_of(second)(halve_sides(x))]
    for actual, expected in (
        (scores, network(x)),
        (features, network.features(x)),
        (features, features_by_scale),
    ):
        assert all(torch.equal(a, e) for a, e in zip(actual, expected, strict=True))


def test_a_discriminator_with_separate_features_is_called_twice():
    forward_passes = []
    network = ScalesDiscriminator(3, of={"name": "pixel", "width": 4})
    network.networks[0].net[0].register_forward_hook(
        lambda _module, inputs, _output: forward_passes.append(inputs)
    )
    _, features = output_and_features(network, torch.randn(2, 3, 8, 8))
    assert len(forward_passes) == 2
    assert len(features) == 4


def test_the_smallest_scale_determines_the_minimum_size():
    network = ScalesDiscriminator(3, of={"name": "patch", "width": 4}, count=3)
    # a PatchGAN needs 24 pixels at the last scale, so 47 at the second and 93 at the first
    assert (network.geometry.multiple_of, network.geometry.minimum) == (1, 93)
    assert all(score.numel() for score in network(torch.randn(1, 3, 93, 93)))
    with pytest.raises((RuntimeError, ValueError)):
        network(torch.randn(1, 3, 92, 92))


def test_networks_for_one_size_of_images_are_built_for_the_size_of_their_scale():
    network = ScalesDiscriminator(3, of={"name": "mlp", "width": 4}, count=3, size=(17, 12))
    scores = network(torch.randn(2, 3, 17, 12))
    assert [tuple(score.shape[:2]) for score in scores] == [(2, 1)] * 3


def test_zero_scales_are_refused():
    with pytest.raises(ConfigError, match="count: expected 1 scale or more, got 0"):
        ScalesDiscriminator(3, count=0)
