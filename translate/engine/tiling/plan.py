"""Plans a computation in tiles: its passes, the values that are stored, and their memory."""

from dataclasses import dataclass
from math import ceil, prod

from torch import fx

from translate.engine.traced.graph import Graph
from translate.engine.traced.operators import shape_of, size_of
from translate.engine.traced.regions import Region, Span

MAX_READS = 2
"""A value that is read repeatedly is stored if it depends on more stored values than this, or takes
more multiplications per element than this for each of these stored values."""
CHEAP = 256
"""multiplications per element that are faster than writing the element to disk and reading it"""


@dataclass(frozen=True)
class Pass:
    """One pass over all tiles, which computes one value."""

    node: fx.Node
    is_stored: bool
    """whether the value is stored for later passes"""
    is_measured: bool
    """whether the moments of the value are accumulated, for norms"""
    reads: frozenset[fx.Node]
    """the stored values and sources that the pass reads"""


@dataclass(frozen=True)
class Plan:
    """The passes of a function; the last computes the output, which is not stored."""

    graph: Graph
    passes: tuple[Pass, ...]

    def values_to_release(self, index: int) -> list[fx.Node]:
        """Return the values that pass `index` reads and no later pass does."""
        later = {node for each in self.passes[index + 1 :] for node in each.reads}
        return [node for node in self.passes[index].reads if node not in later]

    @property
    def stored_bytes(self) -> int:
        """Peak size of all stored values."""
        sizes, peak = dict[fx.Node, int](), 0
        for index, each in enumerate(self.passes):
            if each.is_stored:
                sizes[each.node] = size_in_bytes(each.node)
            peak = max(peak, sum(sizes.values()))
            for node in self.values_to_release(index):
                sizes.pop(node, None)
        return peak

    def working_bytes(self, tile: int) -> int:
        """Return the peak memory of computing one tile, without stored values."""
        return max(_bytes_of_tile(self.graph, each, tile) for each in self.passes)


def make_plan(graph: Graph, *, cheap: float = 0) -> Plan:
    """Return the plan of a function.

    Values that take up to `cheap` multiplications per element are not stored, but computed again
    each time that they are read.
    """
    readers: dict[fx.Node, list[fx.Node]] = {}
    for node, each in graph.operators.items():
        for source in each.inputs:
            readers.setdefault(source, []).append(node)
    measured_nodes, stored_nodes = graph.measured, set[fx.Node](graph.sources)
    cost, reads = dict[fx.Node, float](), dict[fx.Node, frozenset[fx.Node]]()

    def is_read_repeatedly(node: fx.Node) -> bool:
        """Return whether elements of a value are read more than once."""
        nodes = readers.get(node, [])
        if len(nodes) != 1 or node in measured_nodes:
            return len(nodes) > 1 or node in measured_nodes
        return graph.operators[nodes[0]].reads_neighbours or is_read_repeatedly(nodes[0])

    passes = [
        Pass(node, is_stored=False, is_measured=True, reads=frozenset({node}))
        for node in graph.sources
        if node in measured_nodes
    ]
    for node, each in graph.operators.items():
        computed = [i for i in each.inputs if i not in stored_nodes]
        cost_of_inputs = sum(cost[i] * prod(shape_of(i)) for i in computed)
        cost[node] = each.multiplications + cost_of_inputs / prod(shape_of(node))
        stored_inputs = frozenset(i for i in each.inputs if i in stored_nodes)
        reads[node] = stored_inputs.union(*(reads[i] for i in computed))
        number = len(reads[node])
        is_expensive = cost[node] > max(cheap, number * MAX_READS) or number > MAX_READS
        is_stored = node is not graph.output and is_expensive and is_read_repeatedly(node)
        if is_stored or node in measured_nodes or node is graph.output:
            passes.append(Pass(node, is_stored, node in measured_nodes, reads[node]))
        if is_stored:
            stored_nodes.add(node)
    return Plan(graph, tuple(passes))


def scaled_tile(node: fx.Node, graph: Graph, tile: int) -> tuple[int, int]:
    """Return the size of the region of a value that corresponds to a tile of the image."""
    sides = zip(size_of(node), size_of(graph.sources[0]), strict=True)
    height, width = (max(1, ceil(tile * own / side)) for own, side in sides)
    return height, width


def size_in_bytes(node: fx.Node) -> int:
    return prod(shape_of(node)) * node.meta["val"].dtype.itemsize


def full_frame_bytes(module: fx.GraphModule) -> int:
    """Return the peak memory, in bytes, of a function that is computed without tiles."""
    last_reader = {n: node for node in module.graph.nodes for n in node.all_input_nodes}
    sizes, peak = dict[fx.Node, int](), 0
    for node in module.graph.nodes:
        if node.op in ("placeholder", "call_function") and hasattr(node.meta.get("val"), "shape"):
            sizes[node] = size_in_bytes(node)
        peak = max(peak, sum(sizes.values()))
        for used_node in node.all_input_nodes:
            if last_reader[used_node] is node:
                sizes.pop(used_node, None)
    return peak


def _bytes_of_tile(graph: Graph, each: Pass, tile: int) -> int:
    """Return the bytes of all values that a tile in the middle of the image depends on."""
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
