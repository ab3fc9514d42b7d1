"""The halo of a network is the largest distance at which a pixel has an effect."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from tiled import random_weights, trace_function
from torch import nn

from translate.engine.tiling.halo import TRACED_SIDE, receptive_halo
from translate.nn.geometry import geometry_of
from translate.registry import create_generator


@pytest.fixture(autouse=True)
def plugin(register_example: Callable[[str], object]) -> None:
    """Register the generator `enhancer`, which averages pixels and adds two branches."""
    register_example("translate_pix2pixhd")


def measured_halo(network: nn.Module, halo: int, count: int) -> int:
    """Return the largest distance with a gradient, for `count` rows; `halo` is the expected one."""
    geometry = geometry_of(network)
    side = geometry.fit(2 * halo + 2 * count + 2)
    images = torch.rand(1, 3, side, 3 * geometry.fit(8), dtype=torch.float64, requires_grad=True)
    output, farthest = network.double()(images), 0
    for row in range(side // 2, side // 2 + count):
        values = output[..., row * geometry.scale, :].square().sum()
        (gradient,) = torch.autograd.grad(values, images, retain_graph=True)
        input_rows = gradient.abs().amax((0, 1, 3)).nonzero().flatten()
        farthest = max(farthest, row - int(input_rows[0]), int(input_rows[-1]) - row)
    return farthest


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("resnet", {"blocks": 2, "norm": "batch"}),
        ("resnet", {"blocks": 1, "norm": "none", "antialias": True}),
        ("resnet", {"blocks": 1, "norm": "none", "upsample": "resize"}),
        ("unet", {"levels": 3}),
        ("enhancer", {"blocks": 1, "coarse_blocks": 1, "downsamplings": 1, "norm": "batch"}),
        ("dilated", {"blocks": 2}),
        ("srresnet", {"blocks": 2, "scale": 2, "residual": True}),
    ],
)
def test_no_pixel_beyond_the_halo_has_an_effect(name: str, options: dict[str, Any]) -> None:
    part = {"name": name, "width": 4, **options}
    network = random_weights(create_generator(part, in_channels=3, out_channels=3))
    side = geometry_of(network).fit(TRACED_SIDE)
    halo = receptive_halo(trace_function(network, 1, 3, side, side))
    assert halo is not None
    assert measured_halo(network, halo, geometry_of(network).multiple_of * 2) == halo


def test_the_halo_of_layers_is_the_sum_of_their_halos() -> None:
    layers = nn.Sequential(nn.Conv2d(1, 1, 5, padding=2), nn.Conv2d(1, 1, 3, padding=2, dilation=2))
    assert receptive_halo(trace_function(layers, 1, 1, 100, 100)) == 4
    assert receptive_halo(trace_function(lambda x: x.relu(), 1, 1, 100, 100)) == 0


def test_a_function_of_image_statistics_has_no_halo() -> None:
    for function in (lambda x: x - x.mean((2, 3), keepdim=True), nn.InstanceNorm2d(1)):
        assert receptive_halo(trace_function(function, 1, 1, 100, 100)) is None
