"""The receptive field of a function of images, from its operators."""

import torch
from torch import fx, nn

from translate.engine.tiling.graph import Graph, read_graph
from translate.engine.tiling.operators import UnsupportedError, size_of
from translate.engine.tiling.regions import Region, Span
from translate.engine.tiling.tracing import trace
from translate.nn.geometry import geometry_of


def receptive_halo(graph: Graph) -> int | None:
    """Return how many pixels around a pixel's place the output depends on, at most.

    None: on all of them, through the statistics of the image.
    """
    if graph.measured:
        return None
    return _halo(graph)


def _halo(graph: Graph) -> int:
    """Return the halo of a function without statistics of the image."""
    (source, *_), output = graph.sources, graph.output
    scale = [b / a for a, b in zip(size_of(source), size_of(output), strict=True)]
    halo = 0
    for axis in (0, 1):
        side = size_of(output)[axis]
        for place in range(side // 2, min(side, side // 2 + PERIOD)):
            pixel = [Span(0, 1), Span(0, 1)]
            pixel[axis] = Span(place, place + 1)
            reach = _reach(graph, Region(*pixel), axis)
            if reach is None:
                continue
            at = int(place / scale[axis])
            halo = max(halo, at - reach.start, reach.stop - 1 - at)
    return halo


PERIOD = 64
"""pixels of the output after which the same parts of strides and of upsampling come again"""


def _reach(graph: Graph, region: Region, axis: int) -> Span | None:
    """Return which rows or columns of the first source a region of the output depends on."""
    needed: dict[fx.Node, Span] = {graph.output: region[axis]}
    for node, each in reversed(list(graph.operators.items())):
        span = needed.get(node)
        if span is None:
            continue
        here = Region(span, Span(0, 1)) if axis == 0 else Region(Span(0, 1), span)
        for source, part in each.reads(here):
            before = needed.get(source, part[axis])
            needed[source] = Span(
                min(before.start, part[axis].start), max(before.stop, part[axis].stop)
            )
    return needed.get(graph.sources[0])


def network_halo(network: nn.Module, channels: int) -> int | None:
    """Return the halo of a network, from its layers.

    Args:
        network: in evaluation mode.
        channels: of its input.

    Returns:
        The number of pixels; None: the output depends on the whole image, or on what is not known.
    """
    side = geometry_of(network).fit(NOMINAL)
    parameter = next(network.parameters(), None)
    device = torch.device("cpu") if parameter is None else parameter.device
    try:
        return receptive_halo(read_graph(trace(network, [(1, channels, side, side)], device)))
    except UnsupportedError:
        return None


NOMINAL = 2048
"""The side of an image that no halo of a network without statistics reaches across."""
