"""Compute functions of images in tiles."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from translate.engine.tiling.execution import Execution
from translate.engine.tiling.plan import make_plan
from translate.engine.tiling.store import Store
from translate.engine.traced.graph import Graph, read_graph
from translate.engine.traced.regions import Region
from translate.engine.traced.tracing import trace

CPU = torch.device("cpu")


class ImageSource(NamedTuple):
    """An image in memory, which is read in regions."""

    pixels: Tensor

    def read(self, region: Region) -> Tensor:
        return self.pixels[..., slice(*region.rows), slice(*region.columns)]


def trace_function(function: Callable[..., Tensor], *shape: int) -> Graph:
    """Return the graph of a function of images (1, C, H, W)."""
    with torch.no_grad():
        return read_graph(trace(function, [shape], CPU))


def run_in_tiles(
    function: Callable[..., Tensor],
    images: Tensor,
    tile: int,
    *,
    folder: Path = Path("/nowhere"),
    memory: int = 1 << 30,
    cheap: float = 0,
) -> Tensor:
    """Return `function` of one image, computed in tiles."""
    graph = trace_function(function, *images.shape)
    store = Store(memory, folder)
    sources = {graph.sources[0]: ImageSource(images)}
    plan = make_plan(graph, cheap=cheap)
    parts = [*Execution(plan, sources, tile, store, CPU, lambda _: None).tiles()]
    assert not store.values, "values were not released"
    store.close()
    height, width = parts[-1][0].rows.stop, parts[-1][0].columns.stop
    result = torch.full((1, parts[0][1].shape[1], height, width), torch.nan)
    for region, part in parts:
        result[..., slice(*region.rows), slice(*region.columns)] = part
    return result


def random_weights(network: nn.Module) -> nn.Module:
    """Return `network` with random weights that let outputs use their whole range."""
    torch.manual_seed(0)
    for parameter in network.parameters():
        if parameter.ndim > 1:
            nn.init.kaiming_normal_(parameter)
        else:
            nn.init.uniform_(parameter, 0.5, 1.5)
    for name, buffer in network.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            nn.init.uniform_(buffer, 0.5, 1.5)
    return network.eval().requires_grad_(False)
