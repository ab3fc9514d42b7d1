"""The operators of a traced function of images, which compute the function region by region."""

import operator
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import fx

from translate.engine.traced import window_operators
from translate.engine.traced.operators import (
    ALL_CHANNELS,
    Channels,
    Elementwise,
    Operator,
    Pad,
    Stride,
    UnsupportedError,
    name_of,
    shape_of,
    size_of,
)
from translate.engine.traced.statistics import REDUCTIONS, Norm, reduced_dims

SMALL_VALUE = 1 << 22
"""largest number of elements of a value that may be computed as a whole"""
CHANNEL_WISE = {"cat", "repeat", "flip", "index_select", "mean", "sum", "_softmax"}
"""operations that can be computed region by region if they are along the channels"""
COPIES = {"view", "_unsafe_view", "reshape", "alias", "detach", "expand", "lift_fresh"}
UNTAGGED = {"zeros_like", "ones_like", "full_like", "clone", "_to", "_prelu_kernel"}
"""pointwise operations that PyTorch does not tag as such; "_to" is "_to_copy\""""
INTERPOLATIONS = {f"upsample_{mode}2d": mode for mode in window_operators.RADIUS}


@dataclass(frozen=True)
class Graph:
    """A traced function of images, with the operator of each of its values."""

    module: fx.GraphModule
    sources: Sequence[fx.Node]
    """the images, and further inputs with pixels"""
    operators: Mapping[fx.Node, Operator]
    """the operators of spatial values, in the order of computation"""
    reductions: Mapping[fx.Node, fx.Node]
    """means, sums and variances over whole images, and the node of the input of each"""
    output: fx.Node

    @property
    def measured(self) -> set[fx.Node]:
        """The values to compute moments of over the whole image."""
        norms = (each for each in self.operators.values() if isinstance(each, Norm))
        return {n.inputs[0] for n in norms if not n.running} | set(self.reductions.values())


def read_graph(module: fx.GraphModule) -> Graph:
    """Return the operators of a traced function.

    Raises `UnsupportedError` for an operation that cannot be computed region by region.
    """
    sources, operators = list[fx.Node](), dict[fx.Node, Operator]()
    reductions, splits = dict[fx.Node, fx.Node](), dict[fx.Node, fx.Node]()
    repetitions = dict[fx.Node, fx.Node]()
    """images with one more dimension, along which pixels are repeated: `repeat_interleave`"""
    spatial_nodes: tuple[Container[fx.Node], ...] = operators, sources, splits, repetitions
    output: Any = None
    for node in module.graph.nodes:
        spatial = [n for n in node.all_input_nodes if any(n in each for each in spatial_nodes)]
        if node.op == "placeholder":
            sources.append(node)
        elif node.op == "output":
            output = node.args[0]
        elif not spatial:
            continue
        elif len(spatial) == 1 and _is_step_of_repetition(node, spatial[0], repetitions):
            repetitions[node] = repetitions.get(spatial[0], spatial[0])
        elif spatial[0] in repetitions:
            operators[node] = _repetition(node, repetitions[spatial[0]])
        elif name_of(node) in ("split", "split_with_sizes", "chunk"):
            splits[node] = spatial[0]
        elif node.target is operator.getitem:
            operators[node] = _part_of_split(node, splits)
        elif name_of(node) in REDUCTIONS and {2, 3} <= reduced_dims(node):
            reductions[node] = spatial[0]
        else:
            operators[node] = _operator(node, tuple(spatial))
    if output not in operators:
        raise UnsupportedError("an output that is not an image")
    return Graph(module, sources, operators, reductions, output)


def _part_of_split(node: fx.Node, splits: Mapping[fx.Node, fx.Node]) -> Operator:
    """Return the operator of one part of an input that was split by channels."""
    split: Any = node.args[0]
    dim = split.args[2] if len(split.args) > 2 else 0
    if split in splits and dim % 4 == 0:
        return Channels(node, splits[split], ALL_CHANNELS)
    if split not in splits or dim % 4 != 1:
        raise UnsupportedError(f"value {node.args[1]} of {split.target}")
    start = sum(part.shape[1] for part in split.meta["val"][: node.args[1]])
    return Channels(node, splits[split], slice(start, start + shape_of(node)[1]))


def _is_step_of_repetition(node: fx.Node, source: fx.Node, repetitions: Container[fx.Node]) -> bool:
    """Return whether a node is a step of `repeat_interleave`, but not the last step."""
    if name_of(node) == "unsqueeze":
        return source not in repetitions and node.args[1] in (3, 4)
    return source in repetitions and name_of(node) in ("expand", "clone")


def _repetition(node: fx.Node, source: fx.Node) -> Operator:
    """Return the operator of the last step of `repeat_interleave`: it repeats rows or columns."""
    if name_of(node) not in COPIES or shape_of(node)[:2] != shape_of(source)[:2]:
        raise UnsupportedError(f"{node.target} of repeated pixels")
    return window_operators.Interpolation(node, source, "nearest")


def _operator(node: fx.Node, spatial: tuple[fx.Node, ...]) -> Operator:
    """Return the operator of a node with these `spatial` inputs; raises `UnsupportedError`."""
    try:
        _require_image(node)
        return _tiled_operator(node, spatial)
    except UnsupportedError:
        small = all(prod(shape_of(n)) <= SMALL_VALUE for n in (node, *spatial))
        if len(spatial) == 1 and small and len(shape_of(node)) == 4:
            return window_operators.WholeInput(node, spatial[0])
        raise


def _require_image(node: fx.Node) -> None:
    value = node.meta["val"]
    if not isinstance(value, torch.Tensor) or value.ndim != 4 or value.shape[0] != 1:
        raise UnsupportedError(f"{node.target} with an output that is not one image")


def _tiled_operator(node: fx.Node, spatial: tuple[fx.Node, ...]) -> Operator:
    name, source, args = name_of(node), spatial[0], node.args
    if name == "convolution":
        kind = window_operators.TransposedConvolution if args[6] else window_operators.Convolution
        return kind(node, source)
    if name in ("avg_pool2d", "max_pool2d_with_indices"):
        return window_operators.Pool(node, source, average=name == "avg_pool2d")
    if name in INTERPOLATIONS:
        return window_operators.Interpolation(node, source, INTERPOLATIONS[name])
    if name == "pixel_shuffle":
        return window_operators.PixelShuffle(node, source)
    if name == "pixel_unshuffle":
        return window_operators.PixelUnshuffle(node, source)
    if name in ("reflection_pad2d", "replication_pad2d", "constant_pad_nd"):
        return _pad(node, source, name)
    if name == "slice":
        return _slice(node, source)
    if name in ("native_group_norm", "native_batch_norm", "_native_batch_norm_legit",
                "_native_batch_norm_legit_no_training"):  # fmt: skip
        return _norm(node, source, name)
    if name in COPIES and shape_of(node) == shape_of(source):
        return Channels(node, source, ALL_CHANNELS)
    tags = getattr(node.target, "tags", ())
    if torch.Tag.pointwise in tags or name in UNTAGGED or _is_channel_wise(node, name, spatial):
        return Elementwise(node, spatial)
    raise UnsupportedError(f"{node.target}")


def _is_channel_wise(node: fx.Node, name: str, spatial: tuple[fx.Node, ...]) -> bool:
    """Return whether an operation is along the channels only."""
    if name not in CHANNEL_WISE or any(size_of(n) != size_of(node) for n in spatial):
        return False
    if name == "repeat":
        return True  # the size is unchanged, so only channels are repeated
    dims: Any = node.args[1] if len(node.args) > 1 else 0
    return {dim % 4 for dim in (dims if isinstance(dims, (list, tuple)) else [dims])} == {1}


def _pad(node: fx.Node, source: fx.Node, name: str) -> Operator:
    args: Any = node.args
    amounts = args[1]
    left, _, top, _ = (*amounts, 0, 0, 0, 0)[:4]
    if any(amounts[4:]):
        raise UnsupportedError("padding of channels")
    if name == "constant_pad_nd":
        return Pad(node, source, (top, left), float(args[2] if len(args) > 2 else 0))
    return Pad(node, source, (top, left), "reflect" if name == "reflection_pad2d" else "replicate")


def _slice(node: fx.Node, source: fx.Node) -> Operator:
    args: tuple[Any, ...] = node.args
    defaults: tuple[Any, ...] = (0, None, None, 1)
    dim, start, end, step = (*args[1:], *defaults[len(args) - 1 :])
    dim, length = dim % 4, shape_of(source)[dim % 4]
    part = slice(start, None if end is None else min(end, length), step)
    first, _, step = part.indices(length)
    if dim == 0:
        return Channels(node, source, ALL_CHANNELS)
    if dim == 1:
        return Channels(node, source, part)
    if step == 1:
        before = (-first, 0) if dim == 2 else (0, -first)
        return Pad(node, source, before, 0.0)
    return Stride(node, source, dim - 2, first, step)


def _norm(node: fx.Node, source: fx.Node, name: str) -> Operator:
    args: Any = node.args
    _, weight, bias, *rest = args
    epsilon = float(rest[-1])
    if name == "native_group_norm":
        return Norm(node, source, rest[-2], weight, bias, epsilon)
    running = None
    if len(rest) > 3:  # the overload `no_stats` has no running statistics
        in_evaluation = name.endswith("no_training") or not rest[2]
        running = (rest[0], rest[1]) if in_evaluation else None
    return Norm(node, source, shape_of(source)[1], weight, bias, epsilon, running)
