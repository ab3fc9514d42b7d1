"""Built-in networks give in tiles the output for the whole image."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tiled import CPU, ImageSource, random_weights, run_in_tiles, trace_function
from torch import nn

from translate.engine.tiling.execution import Execution
from translate.engine.tiling.plan import CHEAP, make_plan
from translate.engine.tiling.store import Store
from translate.nn.geometry import geometry_of
from translate.registry import create_generator

NETWORKS: list[dict[str, Any]] = [
    {"name": "resnet", "blocks": 3},
    {"name": "resnet", "blocks": 2, "norm": "batch"},
    {"name": "resnet", "blocks": 2, "norm": "layer", "antialias": True},
    {"name": "resnet", "blocks": 2, "norm": "none", "upsample": "resize"},
    {"name": "resnet", "blocks": 2, "dropout": 0.5},
    {"name": "unet", "levels": 4, "norm": "instance"},
    {"name": "unet", "levels": 4, "upsample": "resize"},
    {"name": "enhancer", "blocks": 1, "coarse_blocks": 2, "downsamplings": 2},
    {"name": "dilated", "blocks": 3},
    {"name": "srresnet", "blocks": 2, "scale": 4, "residual": True},
    {"name": "srresnet", "blocks": 2, "scale": 2, "norm": "instance"},
]


@pytest.fixture(autouse=True)
def plugin(register_example: Callable[[str], object]) -> None:
    """Register the generator `enhancer`, which averages pixels and adds two branches."""
    register_example("translate_pix2pixhd")


@pytest.mark.parametrize("part", NETWORKS, ids=lambda part: "-".join(map(str, part.values())))
@pytest.mark.parametrize("tile", [18, 40])
def test_a_network_in_tiles_gives_the_whole_output(part: dict[str, Any], tile: int) -> None:
    network = random_weights(create_generator({**part, "width": 4}, in_channels=3, out_channels=3))
    fit = geometry_of(network).fit
    images = torch.rand(1, 3, fit(45), fit(71)) * 2 - 1
    whole = network(images)
    rounding = 3e-5 * max(1, float(whole.std()))  # convolutions add up in an order that varies
    torch.testing.assert_close(run_in_tiles(network, images, tile), whole, rtol=0, atol=rounding)


def test_values_in_scratch_files_and_recomputed_values_give_the_same_output(tmp_path: Path) -> None:
    part = {"name": "resnet", "blocks": 2, "width": 4}
    network = random_weights(create_generator(part, in_channels=3, out_channels=3))
    images = torch.rand(1, 3, 44, 72) * 2 - 1
    output = run_in_tiles(network, images, 16, folder=tmp_path, memory=0, cheap=CHEAP)
    torch.testing.assert_close(output, network(images), rtol=1e-5, atol=1e-5)
    assert [*tmp_path.iterdir()] == []


def test_fractions_of_tiles_sum_to_one_and_regions_have_the_requested_size() -> None:
    layers = nn.Sequential(nn.Conv2d(1, 2, 3), nn.InstanceNorm2d(2), nn.Conv2d(2, 1, 3)).eval()
    graph, fractions = trace_function(layers.requires_grad_(False), 1, 1, 34, 34), list[float]()
    sources = {graph.sources[0]: ImageSource(torch.rand(1, 1, 34, 34))}
    run = Execution(make_plan(graph), sources, 8, Store(1 << 20, Path()), CPU, fractions.append)
    regions = [region for region, _ in run.tiles((16, 30))]
    assert [region.size for region in regions] == [(16, 30), (14, 30)]
    assert sum(fractions) == pytest.approx(1)
