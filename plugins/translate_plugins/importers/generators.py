"""Architectures of published generators, inferred from the names and shapes of their tensors.

A file contains no options. If its names (keys) fit two norms, or two orders of concatenation at
skip connections, the caller chooses.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

Norm = Literal["batch", "instance-affine"]
"""norms with tensors that can have the same keys"""
Skips = Literal["outer-first", "inner-first"]
"""which features a U-Net concatenates first: of the outer level, or of the inner levels"""
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
BLOCK_TYPES: Mapping[tuple[int, ...], tuple[str, float]] = {
    (1, 5): ("reflect", 0.0),
    (1, 6): ("reflect", 0.5),
    (0, 3): ("zero", 0.0),
    (0, 4): ("zero", 0.5),
}
"""padding and dropout of a residual block, by the indices of its two convolutions"""


class GeneratorWeights(NamedTuple):
    """The weights of a generator that were read from a file, and its architecture."""

    part: dict[str, Any]
    """the same network of this toolkit: its name and options, as in a configuration"""
    tensors: dict[str, Tensor]
    """state dict of that network"""
    channels: tuple[int, int]
    """numbers of input and output channels"""
    ambiguous_norm: bool = False
    """whether the keys fit both batch norm and affine instance norm"""
    skips: Skips = "outer-first"
    """the order in the file; `tensors` were reordered to outer-first"""


def read_generator(
    tensors: Mapping[str, Tensor], norm: Norm | None = None, skips: Skips | None = None
) -> GeneratorWeights | None:
    """Return the ResNet or U-Net with these keys; None if they fit neither.

    Args:
        tensors: By key, such as ``model.1.weight``, without a prefix like ``module.``.
        norm: The norm if the keys fit both; None: `instance-affine` for a ResNet with two
            downsamplings, `batch` for other networks.
        skips: The order of a U-Net, which the keys do not show; None: inferred from the
            biases, which show the age of the authors' code.
    """
    if "model.model.0.weight" in tensors:
        return _read_unet(tensors, norm or "batch", skips)
    return _read_resnet(tensors, norm)


def _read_unet(
    tensors: Mapping[str, Tensor], norm: Norm, skips: Skips | None
) -> GeneratorWeights | None:
    first_weight, last_bias = tensors["model.model.0.weight"], tensors.get("model.model.3.bias")
    if first_weight.shape[2:] != (4, 4) or last_bias is None or last_bias.ndim != 1:
        return None
    part = {
        "name": "unet",
        "width": len(first_weight),
        "levels": sum(t.ndim == 4 for t in tensors.values()) // 2,
    }
    channels = first_weight.shape[1], len(last_bias)
    generator = _make_generator(part, tensors, channels, ["model.model.3"], norm)
    # Until August 2017 the convolutions of the authors' code had biases if norms with weights
    # followed. It concatenated inner-first until September 2017: files from between these dates
    # are read as outer-first.
    options = generator.part
    is_old = options["norm"] == "instance-affine" or bool(options.get("bias"))
    skips = skips or ("inner-first" if is_old else "outer-first")
    if skips == "inner-first":
        import torch

        for key, tensor in tensors.items():
            # the upsampling convolution of the outermost level, and of the others
            is_after_skip = key == "model.model.3.weight" or key.endswith(".model.5.weight")
            if is_after_skip and tensor.ndim == 4:
                generator.tensors[key] = torch.cat(tensor.chunk(2)[::-1])  # outer, inner channels
    return generator._replace(skips=skips)


def _read_resnet(tensors: Mapping[str, Tensor], norm: Norm | None) -> GeneratorWeights | None:
    layers = _Layers(tensors)
    block_types = {BLOCK_TYPES.get(numbers) for numbers in layers.blocks.values()}
    if len(block_types) != 1 or None in block_types or len(layers.convolutions) < 2:
        return None
    padding, dropout = next(block_type for block_type in block_types if block_type)
    first_block, last_block = min(layers.blocks), max(layers.blocks)
    numbers = sorted(layers.convolutions)
    before_blocks = [number for number in numbers if number < first_block]
    after_blocks = [number for number in numbers if number > last_block]
    last = f"model.{numbers[-1]}"
    last_bias = tensors.get(f"{last}.bias")
    first_number = 1 if padding == "reflect" else 0  # a padding layer precedes the convolution
    is_symmetric = len(before_blocks) == len(after_blocks)
    if not is_symmetric or before_blocks[:1] != [first_number] or last_bias is None:
        return None
    first_weight = layers.convolutions[first_number]
    if first_weight.shape[2:] != (7, 7) or last_bias.ndim != 1:
        return None
    blurs_down = any(number < first_block for number in layers.blurs)
    blurs_up = any(number > last_block for number in layers.blurs)
    upsampling_kernels = {layers.convolutions[number].shape[2:] for number in after_blocks[:-1]}
    part: dict[str, Any] = {
        "name": "resnet",
        "width": len(first_weight),
        "blocks": len(layers.blocks),
        "downsamplings": len(before_blocks) - 1,  # the first convolution keeps the size
        "dropout": dropout,
    }
    if padding == "zero":
        part["padding"] = padding
    if blurs_down or blurs_up:
        part["antialias"] = (blurs_down and blurs_up) or ("down" if blurs_down else "up")
    if upsampling_kernels == {(4, 4)}:
        part["upsample"] = "deconv4"
    default: Norm = "instance-affine" if part["downsamplings"] == 2 else "batch"
    channels = first_weight.shape[1], len(last_bias)
    return _make_generator(part, tensors, channels, [last], norm or default)


class _Layers:
    """The layers of the sequence ``model`` by index: convolutions, blurs and residual blocks."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self.blurs: list[int] = []
        self.convolutions: dict[int, Tensor] = {}
        self.blocks: dict[int, tuple[int, ...]] = {}
        """indices of a block's convolutions, by the index of the block"""
        for key, tensor in tensors.items():
            if not (match := re.fullmatch(r"model\.(\d+)\.(.+)", key)):
                continue
            number, name = int(match[1]), match[2]
            if name == "filt":
                self.blurs.append(number)
            elif name == "weight" and tensor.ndim == 4:
                self.convolutions[number] = tensor
            elif (inner := re.fullmatch(r"conv_block\.(\d+)\.weight", name)) and tensor.ndim == 4:
                self.blocks[number] = (*self.blocks.get(number, ()), int(inner[1]))


def _make_generator(
    part: dict[str, Any],
    tensors: Mapping[str, Tensor],
    channels: tuple[int, int],
    outputs: Collection[str],
    choice: Norm,
) -> GeneratorWeights:
    """Return the generator, with the norm that its keys show, and without unused statistics.

    Args:
        part: The network without its norm; `norm` and `bias` are added to it.
        tensors: The tensors of the file.
        channels: Numbers of input and output channels.
        outputs: Names of the last convolutions, which have a bias with every norm.
        choice: The norm if the keys fit both.
    """
    convolutions = {key.rpartition(".")[0] for key, t in tensors.items() if t.ndim == 4}
    norms = {key.rpartition(".")[0] for key, t in tensors.items() if t.ndim == 1} - convolutions
    has_bias = any(f"{name}.bias" in tensors for name in convolutions.difference(outputs))
    has_weights = any(f"{name}.weight" in tensors for name in norms)
    has_statistics = any(f"{name}.running_mean" in tensors for name in norms)
    ambiguous_norm = has_weights and has_bias and has_statistics
    if ambiguous_norm:
        norm: str = choice
    elif has_weights:
        norm = "instance-affine" if has_bias else "batch"
    else:
        norm = "instance" if has_bias or has_statistics else "none"
    part["norm"] = norm
    if has_bias == (norm == "batch"):  # not the default, see `translate.nn.norms.conv_bias`
        part["bias"] = has_bias
    if norm == "batch":
        import torch

        # PyTorch before 0.4.1 did not count batches
        counts = {f"{name}.num_batches_tracked": torch.tensor(0) for name in norms}
        used_tensors = {**counts, **tensors}
    else:  # instance norm before PyTorch 0.4.1 had statistics, which it never used
        used_tensors = {k: t for k, t in tensors.items() if k.rpartition(".")[2] not in STATISTICS}
    return GeneratorWeights(part, used_tensors, channels, ambiguous_norm)
