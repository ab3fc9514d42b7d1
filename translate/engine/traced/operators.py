"""Operators that compute a region of their output from regions of their inputs.

An operator is created from a node of the graph that PyTorch traces (see
`translate.engine.traced.tracing`), so no operator depends on the class of a network.
"""

from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor, fx

from translate.engine.traced.regions import Fill, Region, Span, read_padded, span_to_read

Evaluate = Callable[[fx.Node, Region], Tensor]
"""Returns a region of the value of a node."""
Constant = Callable[[Any], Any]
"""Returns the value of a node without pixels, or the moments of the value of a spatial node."""


class UnsupportedError(Exception):
    """An operation that cannot be computed region by region, or not with these arguments."""


def name_of(node: fx.Node) -> str:
    """Return the name of an operation of PyTorch, without its overload: ``relu``."""
    return str(getattr(node.target, "_opname", node.target)).removesuffix("_copy")


def shape_of(node: fx.Node) -> tuple[int, ...]:
    """Return the shape of the value of a node."""
    return tuple(node.meta["val"].shape)


def size_of(node: fx.Node) -> tuple[int, int]:
    """Return the height and width of the value of a node."""
    height, width = shape_of(node)[-2:]
    return height, width


def call_operation(node: fx.Node, argument: Callable[[fx.Node], Any]) -> Any:
    """Return the result of the operation of `node`; `argument` returns the value of an input."""
    operation: Any = node.target
    arguments = fx.node.map_arg(node.args, argument)
    return operation(*arguments, **fx.node.map_arg(node.kwargs, argument))


class Operator:
    """An operator with a spatial output, (1, C, H, W), which is computed region by region.

    Args:
        node: the node of the output.
        inputs: the nodes of its spatial inputs.
    """

    reads_neighbours = False
    """whether a pixel depends on several pixels of an input, so that neighbouring regions of the
    output need the same pixels"""
    multiplications = 1.0
    """multiplications per element of the output"""

    def __init__(self, node: fx.Node, inputs: tuple[fx.Node, ...]) -> None:
        self.node, self.inputs = node, inputs

    def reads(self, region: Region) -> Iterator[tuple[fx.Node, Region]]:
        """Yield each input, with the region that a region of the output depends on."""
        for node in self.inputs:
            yield node, self._broadcast_region(node, region)

    def run(self, evaluate: Evaluate, constant: Constant, region: Region) -> Tensor:
        """Return a region of the output."""
        raise NotImplementedError

    def _broadcast_region(self, node: fx.Node, region: Region) -> Region:
        """Return the region of an input that is broadcast to `region` of the output."""
        input_size, size = size_of(node), size_of(self.node)

        def align(axis: int, span: Span) -> Span:
            if input_size[axis] == size[axis]:
                return span
            if input_size[axis] == 1:
                return Span(0, 1)
            raise UnsupportedError(f"{self.node.target} of sizes {input_size} and {size}")

        return region.map(align)


class Elementwise(Operator):
    """A pointwise operation: arithmetic, activations, sums over channels."""

    def __init__(self, node: fx.Node, inputs: tuple[fx.Node, ...]) -> None:
        super().__init__(node, inputs)
        for each in inputs:
            self._broadcast_region(each, Region(Span(0, 1), Span(0, 1)))

    def run(self, evaluate: Evaluate, constant: Constant, region: Region) -> Tensor:
        def argument(node: fx.Node) -> Any:
            if node in self.inputs:
                return evaluate(node, self._broadcast_region(node, region))
            value = constant(node)
            if not isinstance(value, Tensor) or value.ndim < 3 or max(value.shape[-2:]) == 1:
                return value
            rows, columns = self._broadcast_region(node, region)
            return value[..., slice(*rows), slice(*columns)]

        return call_operation(self.node, argument)


ALL_CHANNELS = slice(None)


class Channels(Operator):
    """A slice of the channels of an input; with `ALL_CHANNELS`, the input itself."""

    multiplications = 0.0

    def __init__(self, node: fx.Node, source: fx.Node, part: slice) -> None:
        super().__init__(node, (source,))
        self.part = part

    def run(self, evaluate: Evaluate, constant: Constant, region: Region) -> Tensor:  # noqa: ARG002
        return evaluate(self.inputs[0], region)[:, self.part]


class Windowed(Operator):
    """An operation that computes each pixel from a window of its input, such as a convolution."""

    reads_neighbours = True
    fill: Fill = 0.0
    """padding of the input: a constant, or a mode"""

    def __init__(self, node: fx.Node, source: fx.Node) -> None:
        super().__init__(node, (source,))

    def needs(self, axis: int, span: Span) -> Span:
        """Return the span of the padded input that a span of the output depends on."""
        raise NotImplementedError

    def apply(self, pixels: Tensor, constant: Constant, region: Region) -> Tensor:
        """Return the output in `region`, from the input in the spans that `needs` returns."""
        raise NotImplementedError

    def reads(self, region: Region) -> Iterator[tuple[fx.Node, Region]]:
        (source,) = self.inputs
        size = size_of(source)

        def span_of_source(axis: int, span: Span) -> Span:
            return span_to_read(self.needs(axis, span), size[axis], self.fill)

        yield source, region.map(span_of_source)

    def run(self, evaluate: Evaluate, constant: Constant, region: Region) -> Tensor:
        (source,) = self.inputs
        needed = region.map(self.needs)
        size = size_of(source)
        pixels = read_padded(lambda part: evaluate(source, part), needed, size, self.fill)
        return self.apply(pixels, constant, region)


class Pad(Windowed):
    """Padding by a constant, by reflection or by repeating the edge; or cropping."""

    reads_neighbours = False
    multiplications = 0.0

    def __init__(self, node: fx.Node, source: fx.Node, before: tuple[int, int], fill: Fill) -> None:
        super().__init__(node, source)
        self.before, self.fill = before, fill

    def needs(self, axis: int, span: Span) -> Span:
        return Span(span.start - self.before[axis], span.stop - self.before[axis])

    def apply(self, pixels: Tensor, constant: Constant, region: Region) -> Tensor:  # noqa: ARG002
        return pixels


class Stride(Windowed):
    """A slice with a step, along the rows or the columns."""

    multiplications = 0.0

    def __init__(self, node: fx.Node, source: fx.Node, axis: int, start: int, step: int) -> None:
        super().__init__(node, source)
        self.axis, self.start, self.step = axis, start, step

    def needs(self, axis: int, span: Span) -> Span:
        if axis != self.axis:
            return span
        first = self.start + span.start * self.step
        return Span(first, first + (span.length - 1) * self.step + 1)

    def apply(self, pixels: Tensor, constant: Constant, region: Region) -> Tensor:  # noqa: ARG002
        return pixels[:, :, :: self.step] if self.axis == 0 else pixels[..., :: self.step]
