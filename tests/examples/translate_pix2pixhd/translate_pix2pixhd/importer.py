"""Import weights of pix2pixHD's published code: the global generator and the local enhancer."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from translate.errors import TranslateError
from translate.importers import ForeignWeights, ImportedModel
from translate.registry import create_generator

NORMS = ("instance", "batch")
DOWNSAMPLINGS = (2, 3, 4)
"""supported numbers of downsamplings of the global generator"""
BATCH_COUNT = "num_batches_tracked"
STATISTICS = ("running_mean", "running_var", BATCH_COUNT)


class Generator(NamedTuple):
    """A generator in a file."""

    part: dict[str, Any]
    """name and options of the network"""
    tensors: dict[str, Tensor]
    """the weights, by state-dict key"""
    channels: tuple[int, int]
    """numbers of input and output channels"""


class Pix2PixHDImporter:
    """Generators of pix2pixHD: global, and global with a local enhancer, ``latest_net_G.pth``."""

    recipes = ("pix2pixhd",)

    def __init__(
        self,
        *,
        crop_size: Annotated[
            int,
            Field(gt=0),
            "side of a training crop in pixels, which the file does not say",
        ] = 256,
    ) -> None:
        self.crop_size = crop_size

    def recognizes(self, weights: ForeignWeights) -> bool:
        return read_generator(weights.tensors) is not None

    def convert(
        self, weights: ForeignWeights, other: ForeignWeights | None, recipe: str | None
    ) -> ImportedModel:
        generator = read_generator(weights.tensors)
        notes = ["the padding is by reflection", "all pixel values are mapped to [-1, 1]"]
        notes.append(f"training crops had {self.crop_size} pixels (option crop_size)")
        if generator.part["norm"] == "batch":
            notes.append("batch norm uses stored statistics; the authors' code each image's own")
        if (channels := generator.channels[0]) > 4:
            notes.append(
                f"the input has {channels} channels: in the authors' code one-hot labels, edges of "
                "instances and encoded features"
            )
        return ImportedModel(
            recipe="pix2pixhd",
            options={"generator": generator.part},
            tensors={f"generator.{key}": tensor for key, tensor in generator.tensors.items()},
            size=(self.crop_size, self.crop_size),
            channels=generator.channels,
            notes=tuple(notes),
        )


def read_generator(tensors: Mapping[str, Tensor]) -> Generator | None:
    """Return the generator that has exactly these keys and shapes, or None."""
    has_enhancer = "model1_1.1.weight" in tensors
    first = tensors.get("model1_1.1.weight" if has_enhancer else "model.1.weight")
    global_keys = [key for key in tensors if re.fullmatch(r"model\.\d+\.weight", key)]
    # as many 3x3 convolutions with stride 2 as transposed ones
    downsamplings = sum(tensors[key].shape[2:] == (3, 3) for key in global_keys) // 2
    outer_layers = [t for t in tensors.values() if t.ndim == 4 and t.shape[2:] == (7, 7)]
    if first is None or first.ndim != 4 or len(outer_layers) != (3 if has_enhancer else 2):
        return None
    channels = first.shape[1], len(outer_layers[-1])
    if downsamplings not in DOWNSAMPLINGS or 0 in (*first.shape, *channels):
        return None
    part = {"width": len(first), "downsamplings": downsamplings}
    global_blocks = count_blocks(tensors, "model")
    if has_enhancer:
        blocks = count_blocks(tensors, "model1_2")
        part = {"name": "enhancer", **part, "blocks": blocks, "coarse_blocks": global_blocks}
    else:
        part = {"name": "resnet", **part, "blocks": global_blocks}
    for norm in NORMS:
        weights = with_current_statistics(tensors, norm)
        expected = shapes_of({**part, "norm": norm, "bias": True}, channels)
        if {key: tensor.shape for key, tensor in weights.items()} == expected:
            options = {"norm": norm, **({"bias": True} if norm == "batch" else {})}
            return Generator({**part, **options}, weights, channels)
    return None


def count_blocks(tensors: Mapping[str, Tensor], name: str) -> int:
    """Return the number of residual blocks in the sequence `name`."""
    return sum(
        re.fullmatch(rf"{name}\.\d+\.conv_block\.1\.weight", key) is not None for key in tensors
    )


def with_current_statistics(tensors: Mapping[str, Tensor], norm: str) -> dict[str, Tensor]:
    """Return the tensors that PyTorch saves from version 0.4.1 on.

    Earlier versions saved statistics of instance norm, and no batch counts of batch norm.
    """
    if norm == "batch":
        means = [key.rpartition(".")[0] for key in tensors if key.endswith(".running_mean")]
        return {**{f"{name}.{BATCH_COUNT}": torch.tensor(0) for name in means}, **tensors}
    return {k: t for k, t in tensors.items() if k.rpartition(".")[2] not in STATISTICS}


def shapes_of(part: dict[str, Any], channels: tuple[int, int]) -> dict[str, torch.Size]:
    """Return the shapes of a network's tensors by key; none if it cannot be created."""
    try:
        with torch.device("meta"):
            network = create_generator(part, in_channels=channels[0], out_channels=channels[1])
    except TranslateError:
        return {}
    return {key: tensor.shape for key, tensor in network.state_dict().items()}
