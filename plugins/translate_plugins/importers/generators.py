"""Generators of published code, read from the names and shapes of their tensors.

Nothing else is known of a file: where keys fit two networks, the caller decides.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

Norm = Literal["batch", "instance-affine"]
Skips = Literal["outer-first", "inner-first"]
"""the order in which a U-Net concatenates the features of an outer level and of the inner ones"""
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
BLOCKS: Mapping[tuple[int, ...], tuple[str, float]] = {
    (1, 5): ("reflect", 0.0),
    (1, 6): ("reflect", 0.5),
    (0, 3): ("zero", 0.0),
    (0, 4): ("zero", 0.5),
}
"""numbers of the two convolutions of a residual block: its padding and its dropout"""


class Generator(NamedTuple):
    """A generator of a file."""

    part: dict[str, Any]
    """the name of our network, with options"""
    tensors: dict[str, Tensor]
    """by the keys of our network"""
    channels: tuple[int, int]
    """of the images that go in and come out"""
    ambiguous_norm: bool = False
    """whether the keys fit batch norm and affine instance norm alike"""
    skips: Skips = "outer-first"
    """the order of the file; `tensors` are of outer-first"""


def read_generator(
    tensors: Mapping[str, Tensor], norm: Norm | None = None, skips: Skips | None = None
) -> Generator | None:
    """Return the ResNet or U-Net with these keys, or None.

    Args:
        tensors: By key, without prefixes.
        norm: The norm of a network of which the keys fit two; None: `instance-affine` for a ResNet,
            `batch` for the others.
        skips: The order of a U-Net, which the keys do not show; None: that of the authors' code
            when it had such biases.
    """
    if "model.model.0.weight" in tensors:
        return _read_unet(tensors, norm or "batch", skips)
    return _read_resnet(tensors, norm)


def _read_unet(tensors: Mapping[str, Tensor], norm: Norm, skips: Skips | None) -> Generator | None:
    first, bias = tensors["model.model.0.weight"], tensors.get("model.model.3.bias")
    if first.shape[2:] != (4, 4) or bias is None or bias.ndim != 1:
        return None
    part = {
        "name": "unet",
        "width": len(first),
        "levels": sum(t.ndim == 4 for t in tensors.values()) // 2,
    }
    read = _with_norm(part, tensors, (first.shape[1], len(bias)), ["model.model.3"], norm)
    # biases before a norm with weights went in August 2017, the order changed in September
    old = part["norm"] == "instance-affine" or bool(part.get("bias"))
    skips = skips or ("inner-first" if old else "outer-first")
    if skips == "inner-first":
        import torch

        for key, tensor in tensors.items():
            after_skip = key == "model.model.3.weight" or key.endswith(".model.5.weight")
            if after_skip and tensor.ndim == 4:
                read.tensors[key] = torch.cat(tensor.chunk(2)[::-1])
    return read._replace(skips=skips)


def _read_resnet(tensors: Mapping[str, Tensor], norm: Norm | None) -> Generator | None:
    layers = _Layers(tensors)
    kinds = {BLOCKS.get(numbers) for numbers in layers.blocks.values()}
    if len(kinds) != 1 or None in kinds or len(layers.convolutions) < 2:
        return None
    ((padding, dropout),) = (kind for kind in kinds if kind)
    numbers = sorted(layers.convolutions)
    before = [number for number in numbers if number < min(layers.blocks)]
    after = [number for number in numbers if number > max(layers.blocks)]
    last = f"model.{numbers[-1]}"
    bias = tensors.get(f"{last}.bias")
    if len(before) != len(after) or before[:1] != [int(padding == "reflect")] or bias is None:
        return None
    first = layers.convolutions[before[0]]
    if first.shape[2:] != (7, 7) or bias.ndim != 1:
        return None
    blurs_down = any(number < min(layers.blocks) for number in layers.blurs)
    blurs_up = any(number > max(layers.blocks) for number in layers.blurs)
    kernels = {layers.convolutions[number].shape[2:] for number in after[:-1]}
    part: dict[str, Any] = {
        "name": "resnet",
        "width": len(first),
        "blocks": len(layers.blocks),
        "downsamplings": len(before) - 1,
        "dropout": dropout,
    }
    if padding == "zero":
        part["padding"] = padding
    if blurs_down or blurs_up:
        part["antialias"] = (blurs_down and blurs_up) or ("down" if blurs_down else "up")
    if kernels == {(4, 4)}:
        part["upsample"] = "deconv4"
    default: Norm = "instance-affine" if len(before) == 3 else "batch"
    return _with_norm(part, tensors, (first.shape[1], len(bias)), [last], norm or default)


class _Layers:
    """The numbers of layers in the sequence ``model``: convolutions, blurs, residual blocks."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self.blurs: list[int] = []
        self.convolutions: dict[int, Tensor] = {}
        self.blocks: dict[int, tuple[int, ...]] = {}
        """of each block, the numbers of its convolutions"""
        for key, tensor in tensors.items():
            if not (match := re.fullmatch(r"model\.(\d+)\.(.+)", key)):
                continue
            number, rest = int(match[1]), match[2]
            if rest == "filt":
                self.blurs.append(number)
            elif rest == "weight" and tensor.ndim == 4:
                self.convolutions[number] = tensor
            elif (inner := re.fullmatch(r"conv_block\.(\d+)\.weight", rest)) and tensor.ndim == 4:
                self.blocks[number] = (*self.blocks.get(number, ()), int(inner[1]))


def _with_norm(
    part: dict[str, Any],
    tensors: Mapping[str, Tensor],
    channels: tuple[int, int],
    outputs: Collection[str],
    choice: Norm,
) -> Generator:
    """Add the norm to `part`, and remove statistics that its norm does not have.

    Args:
        part: The network, without its norm.
        tensors: Those of the file.
        channels: Of the images that go in and come out.
        outputs: The last convolutions, which have a bias under every norm.
        choice: The norm, if the keys fit two.
    """
    convolutions = {key.rpartition(".")[0] for key, t in tensors.items() if t.ndim == 4}
    norms = {key.rpartition(".")[0] for key, t in tensors.items() if t.ndim == 1} - convolutions
    biased = any(f"{name}.bias" in tensors for name in convolutions.difference(outputs))
    affine = any(f"{name}.weight" in tensors for name in norms)
    statistics = any(f"{name}.running_mean" in tensors for name in norms)
    ambiguous_norm = affine and biased and statistics
    if ambiguous_norm:
        norm: str = choice
    elif affine:
        norm = "instance-affine" if biased else "batch"
    else:
        norm = "instance" if biased or statistics else "none"
    part["norm"] = norm
    if biased == (norm == "batch"):
        part["bias"] = biased
    if norm == "batch":
        import torch

        # PyTorch before 0.4.1 did not count
        counts = {f"{name}.num_batches_tracked": torch.tensor(0) for name in norms}
        kept = {**counts, **tensors}
    else:  # statistics that instance norm had before PyTorch 0.4.1, and never used
        kept = {k: t for k, t in tensors.items() if k.rpartition(".")[2] not in STATISTICS}
    return Generator(part, kept, channels, ambiguous_norm)
