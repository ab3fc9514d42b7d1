"""The halo of each network of ours is exactly how far a pixel's influence reaches."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from tiled import random_weights, traced
from torch import Tensor, nn

from translate.engine.tiling.halo import network_halo, receptive_halo
from translate.nn.geometry import geometry_of
from translate.registry import create_generator


@pytest.fixture(autouse=True)
def plugin(register_example: Callable[[str], object]) -> None:
    """Offer the generator `enhancer`, which averages pixels and adds two branches."""
    register_example("translate_pix2pixhd")


def reach(network: nn.Module, halo: int, places: int) -> int:
    """Return how far the farthest input is that some output in the middle has a gradient for."""
    geometry = geometry_of(network)
    side = geometry.fit(2 * halo + 2 * places + 2)
    images = torch.rand(1, 3, side, 3 * geometry.fit(8), dtype=torch.float64, requires_grad=True)
    output, farthest = network.double()(images), 0
    for place in range(side // 2, side // 2 + places):
        row = output[..., place * geometry.scale, :].square().sum()
        (gradient,) = torch.autograd.grad(row, images, retain_graph=True)
        rows = gradient.abs().amax((0, 1, 3)).nonzero().flatten()
        farthest = max(farthest, place - int(rows[0]), int(rows[-1]) - place)
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
def test_a_pixel_outside_the_halo_changes_nothing_and_one_at_its_edge_does(
    name: str, options: dict[str, Any]
) -> None:
    part = {"name": name, "width": 4, **options}
    network = random_weights(create_generator(part, in_channels=3, out_channels=3))
    halo = network_halo(network, 3)
    assert halo is not None
    assert reach(network, halo, geometry_of(network).multiple_of * 2) == halo


def test_the_halo_of_layers_is_the_sum_that_one_does_by_hand() -> None:
    layers = nn.Sequential(nn.Conv2d(1, 1, 5, padding=2), nn.Conv2d(1, 1, 3, padding=2, dilation=2))
    assert network_halo(layers, 1) == 4
    assert receptive_halo(traced(lambda x: x.relu(), 1, 1, 100, 100)) == 0


def test_statistics_of_the_image_have_no_halo() -> None:
    def function(images: Tensor) -> Tensor:
        return images - images.mean((2, 3), keepdim=True)

    assert receptive_halo(traced(function, 1, 1, 100, 100)) is None
    assert network_halo(nn.InstanceNorm2d(3), 3) is None
