"""The halo of a function of images: the radius of its receptive field, from its operators."""

from torch import fx

from translate.engine.traced.graph import Graph
from translate.engine.traced.operators import size_of
from translate.engine.traced.regions import Region, Span

PERIOD = 64
"""number of output pixels after which the alignment of strides and upsampling repeats"""
TRACED_SIDE = 2048
"""height and width of the traced image: larger than any halo"""


def receptive_halo(graph: Graph) -> int | None:
    """Return the largest distance in pixels of an output pixel from an input pixel it depends on.

    None: output pixels depend on the whole image, through statistics of normalization layers.
    """
    if graph.measured:
        return None
    (source, *_), output = graph.sources, graph.output
    scale = [b / a for a, b in zip(size_of(source), size_of(output), strict=True)]
    halo = 0
    for axis in (0, 1):
        side = size_of(output)[axis]
        for position in range(side // 2, min(side, side // 2 + PERIOD)):
            pixel = [Span(0, 1), Span(0, 1)]
            pixel[axis] = Span(position, position + 1)
            needed = _input_span(graph, Region(*pixel), axis)
            if needed is None:
                continue
            centre = int(position / scale[axis])
            halo = max(halo, centre - needed.start, needed.stop - 1 - centre)
    return halo


def _input_span(graph: Graph, region: Region, axis: int) -> Span | None:
    """Return the rows or columns of the image that a region of the output depends on."""
    needed: dict[fx.Node, Span] = {graph.output: region[axis]}
    for node, each in reversed(list(graph.operators.items())):
        span = needed.get(node)
        if span is None:
            continue
        output_region = Region(span, Span(0, 1)) if axis == 0 else Region(Span(0, 1), span)
        for source, part in each.reads(output_region):
            read = part[axis]
            before = needed.get(source, read)
            needed[source] = Span(min(before.start, read.start), max(before.stop, read.stop))
    return needed.get(graph.sources[0])
