"""Weights are initialized as in the papers."""

import pytest
from torch import nn

from translate.nn.init import init_normal_
from translate.nn.noise import temporary_seed


def test_weights_have_the_mean_and_standard_deviation_of_the_papers() -> None:
    network = nn.Sequential(
        nn.Conv2d(64, 64, 5), nn.ConvTranspose2d(64, 64, 5), nn.Linear(300, 300),
        nn.BatchNorm2d(20_000), nn.GroupNorm(1, 20_000), nn.BatchNorm2d(3, affine=False),
        nn.Conv2d(3, 3, 1, bias=False),
    )  # fmt: skip
    with temporary_seed(0):
        init_normal_(network)
    for layer in network[:3]:
        assert layer.weight.mean().abs() < 3e-4
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.02)
        assert not layer.bias.any()
    for layer in network[3:5]:
        assert layer.weight.mean().item() == pytest.approx(1, abs=1e-3)
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.03)
        assert not layer.bias.any()


def test_the_standard_deviation_is_an_option() -> None:
    network = nn.Linear(300, 300)
    init_normal_(network, 0.5)
    assert network.weight.std().item() == pytest.approx(0.5, rel=0.03)
