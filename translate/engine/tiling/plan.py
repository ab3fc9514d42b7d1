"""Which values are kept, in which order they are computed, and how much memory that takes."""

from dataclasses import dataclass
from math import ceil, prod

from torch import fx

from translate.engine.tiling.graph import Graph
from translate.engine.tiling.operators import shape_of, size_of
from translate.engine.tiling.regions import Region, Span

MOST_READS = 2
"""A value that is needed more than once is kept where it is made of more kept ones than this."""
CHEAP = 256
"""multiplications for each number that take less time than writing it to a disk and back"""


@dataclass(frozen=True)
class Pass:
    """The computation of one value, tile by tile."""

    node: fx.Node
    keeps: bool
    """whether the value is kept for later passes"""
    measures: bool
    """whether its moments are gathered"""
    reads: frozenset[fx.Node]
    """kept values and sources"""


@dataclass(frozen=True)
class Plan:
    """The passes of a function; the last makes the output, which is not kept."""

    graph: Graph
    passes: tuple[Pass, ...]

    def released(self, index: int) -> list[fx.Node]:
        """Return the values that this pass reads, and no later one."""
        later = {node for each in self.passes[index + 1 :] for node in each.reads}
        return [node for node in self.passes[index].reads if node not in later]

    @property
    def kept_bytes(self) -> int:
        """The most bytes of kept values at any time."""
        held, most = dict[fx.Node, int](), 0
        for index, each in enumerate(self.passes):
            if each.keeps:
                held[each.node] = size_in_bytes(each.node)
            most = max(most, sum(held.values()))
            for node in self.released(index):
                held.pop(node, None)
        return most

    def working_bytes(self, tile: int) -> int:
        """Return the most bytes that the computation of one tile takes besides."""
        return max(_bytes_of_tile(self.graph, each, tile) for each in self.passes)


def make_plan(graph: Graph, *, cheap: float = 0) -> Plan:
    """Return how to compute a function.

    Args:
        graph: the function.
        cheap: multiplications for each number up to which a value is computed again where it is
            needed again, instead of being kept.
    """
    users: dict[fx.Node, list[fx.Node]] = {}
    for node, each in graph.operators.items():
        for source in each.inputs:
            users.setdefault(source, []).append(node)
    measured, kept = graph.measured, set[fx.Node](graph.sources)
    cost, reads = dict[fx.Node, float](), dict[fx.Node, frozenset[fx.Node]]()

    def repeats(node: fx.Node) -> bool:
        """Return whether pixels of a value are needed more than once."""
        after = users.get(node, [])
        if len(after) != 1 or node in measured:
            return len(after) > 1 or node in measured
        return graph.operators[after[0]].local or repeats(after[0])

    passes = [
        Pass(node, keeps=False, measures=True, reads=frozenset({node}))
        for node in graph.sources
        if node in measured
    ]
    for node, each in graph.operators.items():
        inputs = [i for i in each.inputs if i not in kept]
        ratio = 1 / prod(shape_of(node))
        cost[node] = each.work + sum(cost[i] * prod(shape_of(i)) * ratio for i in inputs)
        direct = frozenset(i for i in each.inputs if i in kept)
        reads[node] = direct.union(*(reads[i] for i in inputs))
        heavy = (
            cost[node] > max(cheap, len(reads[node]) * MOST_READS) or len(reads[node]) > MOST_READS
        )
        keeps = node is not graph.output and heavy and repeats(node)
        if keeps or node in measured or node is graph.output:
            passes.append(Pass(node, keeps, node in measured, reads[node]))
        if keeps:
            kept.add(node)
    return Plan(graph, tuple(passes))


def scaled_tile(node: fx.Node, graph: Graph, tile: int) -> tuple[int, int]:
    """Return the sides of the part of a value that belongs to a tile of the image."""
    sides = zip(size_of(node), size_of(graph.sources[0]), strict=True)
    height, width = (max(1, ceil(tile * own / side)) for own, side in sides)
    return height, width


def size_in_bytes(node: fx.Node) -> int:
    """Return how many bytes a value takes."""
    return prod(shape_of(node)) * node.meta["val"].dtype.itemsize


def full_frame_bytes(module: fx.GraphModule) -> int:
    """Return the most bytes that a function takes when it is computed without tiles."""
    last = {n: node for node in module.graph.nodes for n in node.all_input_nodes}
    sizes: dict[fx.Node, int] = {}
    most = 0
    for node in module.graph.nodes:
        if node.op in ("placeholder", "call_function") and hasattr(node.meta.get("val"), "shape"):
            sizes[node] = size_in_bytes(node)
        most = max(most, sum(sizes.values()))
        for used in node.all_input_nodes:
            if last[used] is node:
                sizes.pop(used, None)
    return most


def _bytes_of_tile(graph: Graph, each: Pass, tile: int) -> int:
    """Return the bytes of all values that a tile in the middle is computed from."""
    size, sides = size_of(each.node), scaled_tile(each.node, graph, tile)
    spans = (Span((a - b) // 2, (a - b) // 2 + b) for a, b in zip(size, sides, strict=True))
    middle = Region(*spans)
    total = 0
    waiting = [(each.node, middle.within(size))]
    while waiting:
        node, region = waiting.pop()
        total += shape_of(node)[1] * region.area * node.meta["val"].dtype.itemsize
        if node not in each.reads or node is each.node:
            waiting += graph.operators[node].reads(region) if node in graph.operators else ()
    return total
