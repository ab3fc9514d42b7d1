"""Weights of pytorch-CycleGAN-and-pix2pix: the ResNet and U-Net generators, with all norms."""

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from translate.errors import ConfigError, suggest
from translate.importers import ForeignWeights, ImportedModel

RESNET, UNET = "model.1.weight", "model.model.0.weight"
BLOCK = re.compile(r"model\.(\d+)\.conv_block\.1\.weight")
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
RECIPES = {"cyclegan": "source_to_target", "cut": "generator", "pix2pix": "generator"}
"""the recipes with such a generator, and what they call it"""


class JunyanzImporter:
    """Generators of pytorch-CycleGAN-and-pix2pix: ResNet and U-Net, ``latest_net_G*.pth``."""

    def recognizes(self, weights: ForeignWeights) -> bool:
        tensors = weights.tensors
        if any(key.endswith(".filt") or "/" in key for key in tensors):
            return False  # antialiased networks of CUT; files of several networks
        first = tensors.get(UNET if UNET in tensors else RESNET)
        if first is None or first.ndim != 4:
            return False
        last = tensors.get(f"{_last_layer(tensors)}.bias")
        if last is None or last.ndim != 1:
            return False
        return UNET in tensors or (first.shape[-1] == 7 and any(map(BLOCK.fullmatch, tensors)))

    def convert(
        self, weights: ForeignWeights, other: ForeignWeights | None, recipe: str | None
    ) -> ImportedModel:
        part, tensors = _generator(weights)
        recipe = recipe or _default_recipe(part, weights, other is not None)
        if recipe not in RECIPES:
            raise ConfigError(
                f"--recipe {recipe}: {weights.path} is a generator of pytorch-CycleGAN-and-pix2pix."
                f"{suggest(recipe, RECIPES)}"
            )
        if (recipe == "cyclegan") != (other is not None):
            wanted = "needs" if recipe == "cyclegan" else "does not use"
            raise ConfigError(
                f"recipe {recipe!r} {wanted} the generator of the opposite direction: "
                + ("add --other FILE, or --recipe cut" if other is None else "leave out --other")
                + "."
            )
        channels = _channels(tensors)
        found = {f"{RECIPES[recipe]}.{key}": tensor for key, tensor in tensors.items()}
        if other:
            other_part, others = _generator(other)
            if (other_part, _channels(others)) != (part, channels[::-1]):
                raise ConfigError(
                    f"--other {other.path}: expected the same network as {weights.path}, with "
                    "input and output exchanged; it has other layers, norms or channels."
                )
            found |= {f"target_to_source.{key}": tensor for key, tensor in others.items()}
        options: dict[str, Any] = {"generator": part}
        if recipe == "cyclegan" and channels[0] != channels[1]:
            options["identity_weight"] = 0.0
        return ImportedModel(
            recipe=recipe,
            options=options,
            tensors=found,
            size=_size(part),
            channels=channels,
            notes=_notes(part, recipe),
        )


def _default_recipe(part: Mapping[str, Any], weights: ForeignWeights, both: bool) -> str:
    """Return the recipe whose inference is that of the authors' ``test.py``."""
    if both:
        return "cyclegan"
    if part["name"] == "resnet" and part["dropout"]:
        raise ConfigError(
            f"{weights.path}: a ResNet with dropout, which pix2pix and DeblurGAN have alike. Say "
            "which it is: --recipe pix2pix (DeblurGAN is not imported)."
        )
    before, after = _channels(weights.tensors)
    unpaired = part["name"] == "resnet" and part["norm"] != "batch" and before == after
    return "cut" if unpaired else "pix2pix"


def _generator(weights: ForeignWeights) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return a generator with its options, and its weights by the keys of our network."""
    tensors = dict(weights.tensors)
    first = tensors[UNET if UNET in tensors else RESNET]
    part: dict[str, Any] = {"name": "unet" if UNET in tensors else "resnet", "width": len(first)}
    convolutions = {key.rpartition(".")[0] for key, t in tensors.items() if t.ndim == 4}
    norms = {key.rpartition(".")[0] for key, t in tensors.items() if t.ndim == 1} - convolutions
    inner = convolutions - {_last_layer(tensors)}  # the last one has a bias under every norm
    biased = any(f"{convolution}.bias" in tensors for convolution in inner)
    if any(f"{norm}.weight" in tensors for norm in norms):
        part["norm"] = "batch"
        if biased:
            raise ConfigError(
                f"{weights.path}: instance norm with weights, as files of 2017 have it: expected "
                "batch norm, instance norm without weights, or none. It cannot be imported."
            )
        for norm in norms:  # PyTorch before 0.4.1 did not count
            tensors.setdefault(f"{norm}.num_batches_tracked", torch.tensor(0))
    else:
        part |= {"norm": "instance"} if biased else {"norm": "none", "bias": False}
        # statistics that instance norm had before PyTorch 0.4.1, and never used
        tensors = {k: t for k, t in tensors.items() if k.rpartition(".")[2] not in STATISTICS}
    if part["name"] == "unet":
        part["levels"] = sum(t.ndim == 4 for t in tensors.values()) // 2
        part["dropout"] = 0.5
        return part, tensors
    blocks = [int(match[1]) for match in map(BLOCK.fullmatch, tensors) if match]
    dropout = any(k.endswith(".conv_block.6.weight") and t.ndim == 4 for k, t in tensors.items())
    part["blocks"], part["dropout"] = len(blocks), 0.5 if dropout else 0.0
    part["downsamplings"] = (min(blocks) - 4) // 3
    return part, tensors


def _last_layer(tensors: Mapping[str, Tensor]) -> str:
    """Return the key of the last convolution."""
    if UNET in tensors:
        return "model.model.3"
    layers = (re.match(r"model\.(\d+)\.", key) for key in tensors)
    return f"model.{max(int(layer[1]) for layer in layers if layer)}"


def _channels(tensors: Mapping[str, Tensor]) -> tuple[int, int]:
    """Return the channels of the images that go in and come out."""
    first = tensors[UNET if UNET in tensors else RESNET]
    return first.shape[1], len(tensors[f"{_last_layer(tensors)}.bias"])


def _size(part: Mapping[str, Any]) -> tuple[int, int]:
    side = max(256, 2 ** part["levels"]) if "levels" in part else 256
    return side, side


def _notes(part: Mapping[str, Any], recipe: str) -> tuple[str, ...]:
    notes = ["the file does not say the direction: its input is the domain source"]
    if part["name"] == "unet":
        notes.append("the file does not say whether it has dropout: 0.5, the authors' default")
    if recipe == "pix2pix":
        notes.append(
            "dropout and statistics of each image at inference, as in the authors' test.py"
        )
    return tuple(notes)
