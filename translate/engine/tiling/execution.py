"""Executes a plan: computes a function of images in tiles, one pass after another."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, fx

from translate.engine.tiling.plan import Pass, Plan, scaled_tile
from translate.engine.tiling.store import Readable, Store
from translate.engine.traced.operators import call_operation, shape_of, size_of
from translate.engine.traced.regions import Region, count_tiles, tile_regions
from translate.engine.traced.statistics import Moments, value_of_reduction


@dataclass
class Execution:
    """The execution of a plan.

    Args:
        plan: the plan of the function.
        sources: the image, and further inputs with pixels, by their nodes.
        tile: side of the tiles of the image, in pixels.
        store: stores intermediate values.
        device: the device of the weights.
        advance: called after each tile with its fraction of all tiles; may raise to stop.
    """

    plan: Plan
    sources: Mapping[fx.Node, Readable]
    tile: int
    store: Store
    device: torch.device
    advance: Callable[[float], None]
    _stored: dict[fx.Node, Readable] = field(default_factory=dict)
    _constants: dict[fx.Node, Any] = field(default_factory=dict)
    _moments: dict[fx.Node, Moments] = field(default_factory=dict)

    def tiles(self, sides: tuple[int, int] | None = None) -> Iterator[tuple[Region, Tensor]]:
        """Yield the output, (1, C, height, width), by regions of at most `sides`, row by row.

        Args:
            sides: height and width; default: the size that corresponds to a tile of the image.
        """
        self._stored |= self.sources
        passes = self.plan.passes
        for index, each in enumerate(passes):
            if index == len(passes) - 1:
                yield from self._compute(each, sides)
            else:
                self._run_pass(each)
            for node in self.plan.values_to_release(index):
                if node not in self.sources:
                    value: Any = self._stored.pop(node)
                    value.close()

    def _run_pass(self, each: Pass) -> None:
        """Compute a value, then store it, accumulate its moments, or both."""
        moments, value = Moments(), None
        if each.is_stored:
            value = self.store.allocate(shape_of(each.node), each.node.meta["val"].dtype)
        for region, pixels in self._compute(each, None):
            if value:
                value.write(region, pixels)
            if each.is_measured:
                moments.add(pixels)
        if value:
            self._stored[each.node] = value
        if each.is_measured:
            self._moments[each.node] = moments

    def _compute(
        self, each: Pass, sides: tuple[int, int] | None
    ) -> Iterator[tuple[Region, Tensor]]:
        """Yield the value of a pass region by region."""
        size = size_of(each.node)
        sides = sides or scaled_tile(each.node, self.plan.graph, self.tile)
        fraction = 1 / count_tiles(size, sides) / len(self.plan.passes)
        for region in tile_regions(size, sides):
            with torch.inference_mode():
                pixels = self._evaluate(each.node, region, {})
            yield region, pixels
            self.advance(fraction)

    def _evaluate(self, node: fx.Node, region: Region, memo: dict[Any, Tensor]) -> Tensor:
        """Return a region of the value of a node, on the device; `memo` has computed regions."""
        if node in self._stored:
            return self._stored[node].read(region).to(self.device)
        key = node, region
        if key not in memo:
            memo[key] = self.plan.graph.operators[node].run(
                lambda source, part: self._evaluate(source, part, memo), self._constant, region
            )
        return memo[key] if len(node.users) > 1 else memo.pop(key)

    def _constant(self, node: fx.Node | None) -> Any:
        """Return the value of a node, or the moments of a spatial node's value; None for None."""
        if node is None:
            return None
        if node in self._moments:
            return self._moments[node]
        if node not in self._constants:
            self._constants[node] = self._compute_constant(node)
        return self._constants[node]

    def _compute_constant(self, node: fx.Node) -> Any:
        graph = self.plan.graph
        if node.op == "get_attr":
            value: Any = graph.module
            for name in str(node.target).split("."):
                value = getattr(value, name)
            return value
        if node in graph.reductions:
            return value_of_reduction(node, self._moments[graph.reductions[node]]).to(self.device)
        return call_operation(node, self._constant)
