"""Operators with windows: convolutions, pooling, interpolation and pixel shuffles."""

from math import prod
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx

from translate.engine.traced.operators import (
    Constant,
    UnsupportedError,
    Windowed,
    call_operation,
    shape_of,
    size_of,
)
from translate.engine.traced.regions import Region, Span, read_padded, whole_image

RADIUS = {"nearest": 0, "bilinear": 1, "bicubic": 2}
"""number of input pixels, on each side of its position, that an interpolated pixel depends on"""


def as_pair(values: Any) -> tuple[int, int]:
    """Return an argument of an operation as a pair (rows, columns)."""
    numbers = (values,) if isinstance(values, int) else tuple(values)
    return numbers if len(numbers) == 2 else (numbers[0], numbers[0])


def _crop(
    operator: Windowed,
    pixels: Tensor,
    region: Region,
    factors: tuple[int, int],
    padding: tuple[int, int] = (0, 0),
) -> Tensor:
    """Return `region` of the output from `pixels`, the output for all of the input that it needs.

    `pixels` is larger than the input by `factors`, and its first pixels are `padding`.
    """
    for axis, span in enumerate(region):
        first = operator.needs(axis, span).start * factors[axis] - padding[axis]
        pixels = pixels.narrow(2 + axis, span.start - first, span.length)
    return pixels


class _Strided(Windowed):
    """An operation with a kernel, strides, padding and dilation."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]

    def needs(self, axis: int, span: Span) -> Span:
        start = span.start * self.stride[axis] - self.padding[axis]
        extent = self.dilation[axis] * (self.kernel[axis] - 1) + 1
        return Span(start, start + (span.length - 1) * self.stride[axis] + extent)


class Convolution(_Strided):
    """Convolution with zero padding."""

    def __init__(self, node: fx.Node, source: fx.Node) -> None:
        super().__init__(node, source)
        args: Any = node.args
        _, self.weight, self.bias, stride, padding, dilation, *_, self.groups = args
        self.stride, self.padding, self.dilation = map(as_pair, (stride, padding, dilation))
        self.kernel = as_pair(shape_of(self.weight)[-2:])
        self.multiplications = prod(shape_of(self.weight)[1:])

    def apply(self, pixels: Tensor, constant: Constant, region: Region) -> Tensor:  # noqa: ARG002
        weight, bias = constant(self.weight), constant(self.bias)
        return F.conv2d(pixels, weight, bias, self.stride, 0, self.dilation, self.groups)


class TransposedConvolution(Convolution):
    """Transposed convolution."""

    def __init__(self, node: fx.Node, source: fx.Node) -> None:
        super().__init__(node, source)
        channels, *rest = shape_of(self.weight)
        self.multiplications = channels * prod(rest[1:]) / self.groups / prod(self.stride)

    def needs(self, axis: int, span: Span) -> Span:
        stride, padding = self.stride[axis], self.padding[axis]
        extent = self.dilation[axis] * (self.kernel[axis] - 1)
        before = -((extent - span.start - padding) // stride)  # rounded up
        first = min(before, (span.start + padding) // stride)
        return Span(first, (span.stop - 1 + padding) // stride + 1)

    def apply(self, pixels: Tensor, constant: Constant, region: Region) -> Tensor:
        weight, bias = constant(self.weight), constant(self.bias)
        output_padding = self.stride[0] - 1, self.stride[1] - 1  # pixels with only the bias
        larger = F.conv_transpose2d(
            pixels, weight, bias, self.stride, 0, output_padding, self.groups, self.dilation
        )
        return _crop(self, larger, region, self.stride, self.padding)


class Pool(_Strided):
    """Average or maximum of a window."""

    def __init__(self, node: fx.Node, source: fx.Node, *, average: bool) -> None:
        super().__init__(node, source)
        args: tuple[Any, ...] = node.args
        _, kernel, *rest = args
        self.average, self.fill = average, 0.0 if average else -torch.inf
        defaults: list[Any] = [[], 0, False, True, None] if average else [[], 0, 1, False]
        stride, padding, *options = [*rest, *defaults[len(rest) :]]
        self.kernel, self.padding = as_pair(kernel), as_pair(padding)
        self.stride = as_pair(stride) if stride else self.kernel
        self.multiplications = prod(self.kernel)
        self.dilation, self.counts_padding = (1, 1), False
        if average:
            ceil_mode, count_include_pad, divisor = options
            self.counts_padding = count_include_pad and any(self.padding)
            if divisor is not None or (self.counts_padding and ceil_mode):
                raise UnsupportedError("average pooling with divisor_override or ceil_mode")
        else:
            self.dilation = as_pair(options[0])

    def apply(self, pixels: Tensor, constant: Constant, region: Region) -> Tensor:  # noqa: ARG002
        if not self.average:
            return F.max_pool2d(pixels, self.kernel, self.stride, 0, self.dilation)
        means, needed = F.avg_pool2d(pixels, self.kernel, self.stride), region.map(self.needs)
        size = size_of(self.inputs[0])
        if self.counts_padding or needed == needed.within(size):
            return means
        inside = read_padded(lambda part: pixels.new_ones(1, 1, *part.size), needed, size, 0.0)
        return means / F.avg_pool2d(inside, self.kernel, self.stride)


class Interpolation(Windowed):
    """Upsampling by an integer factor: nearest, bilinear or bicubic."""

    fill = "replicate"

    def __init__(self, node: fx.Node, source: fx.Node, mode: str) -> None:
        super().__init__(node, source)
        before, after = size_of(source), size_of(node)
        self.factors = after[0] // before[0], after[1] // before[1]
        aligns_corners = mode != "nearest" and len(node.args) > 2 and node.args[2] is True
        if aligns_corners or any(a % b for a, b in zip(after, before, strict=True)):
            raise UnsupportedError(f"{mode} interpolation from {before} to {after}")
        self.mode, self.multiplications = mode, (2.0 * RADIUS[mode]) ** 2

    def needs(self, axis: int, span: Span) -> Span:
        factor, radius = self.factors[axis], RADIUS[self.mode]
        if not radius:
            return Span(span.start // factor, -(-span.stop // factor))
        first, last = ((2 * n + 1 - factor) // (2 * factor) for n in (span.start, span.stop - 1))
        return Span(first - radius + 1, last + radius + 1)

    def apply(self, pixels: Tensor, constant: Constant, region: Region) -> Tensor:  # noqa: ARG002
        factors: Any = tuple(map(float, self.factors))
        larger = F.interpolate(pixels, scale_factor=factors, mode=self.mode)
        return _crop(self, larger, region, self.factors)


class PixelShuffle(Windowed):
    """Pixel shuffle: channels become pixels (Shi et al., 2016)."""

    multiplications = 0.0

    def __init__(self, node: fx.Node, source: fx.Node) -> None:
        super().__init__(node, source)
        self.factor: Any = node.args[1]

    def needs(self, axis: int, span: Span) -> Span:  # noqa: ARG002
        return Span(span.start // self.factor, -(-span.stop // self.factor))

    def apply(self, pixels: Tensor, constant: Constant, region: Region) -> Tensor:  # noqa: ARG002
        larger = F.pixel_shuffle(pixels, self.factor)
        return _crop(self, larger, region, (self.factor, self.factor))


class PixelUnshuffle(PixelShuffle):
    """The inverse of pixel shuffle: pixels become channels."""

    def needs(self, axis: int, span: Span) -> Span:  # noqa: ARG002
        return Span(span.start * self.factor, span.stop * self.factor)

    def apply(self, pixels: Tensor, constant: Constant, region: Region) -> Tensor:  # noqa: ARG002
        return F.pixel_unshuffle(pixels, self.factor)


class WholeInput(Windowed):
    """Any operation on a small input, which is computed from the whole input."""

    fill = "replicate"

    def needs(self, axis: int, span: Span) -> Span:  # noqa: ARG002
        return whole_image(size_of(self.inputs[0]))[axis]

    def apply(self, pixels: Tensor, constant: Constant, region: Region) -> Tensor:
        def argument(node: fx.Node) -> Any:
            return pixels if node is self.inputs[0] else constant(node)

        result: Tensor = call_operation(self.node, argument)
        return result[..., slice(*region.rows), slice(*region.columns)]
