"""Shared by the importers of published code: options, and the `ImportedModel` of a generator."""

from collections.abc import Mapping
from typing import Any

from translate.errors import CheckpointError, ConfigError
from translate.importers import ForeignWeights, ImportedModel
from translate_plugins.importers.generators import GeneratorWeights, Norm, Skips, read_generator

TWO_WAY_RECIPE = "cyclegan"
"""the recipe with a generator for each direction; other recipes have one network, `generator`"""
NORM = (
    "norm if the keys fit both, as in files of 2017; default: instance-affine for a ResNet, "
    "batch for a U-Net"
)
SKIPS = (
    "order in which a U-Net concatenates features: outer-first; inner-first in the authors' code "
    "before 22 September 2017, in BicycleGAN and DeblurGAN; default: by the biases in the file"
)
CROP_SIZE = "side of a training crop in pixels, which the file does not contain; default: 256"
"""texts of options of the importers"""
RANGE_NOTE = "the whole range of pixel values is mapped to [-1, 1], as in the authors' code"
PADDING_NOTE = "the padding is by reflection, the authors' default"


def has_published_architecture(weights: ForeignWeights, norm: Norm | None) -> bool:
    """Return whether a file has a U-Net, or a ResNet with 2 downsamplings and no antialiasing."""
    generator = read_generator(weights.tensors, norm)
    if generator is None:
        return False
    part = generator.part
    return part["name"] == "unet" or (part["downsamplings"] == 2 and "antialias" not in part)


def read_generator_of(
    weights: ForeignWeights, norm: Norm | None = None, skips: Skips | None = None
) -> GeneratorWeights:
    """Return the generator of a file; raises `CheckpointError` if its keys are not known."""
    generator = read_generator(weights.tensors, norm, skips)
    if generator is None:
        raise CheckpointError(f"{weights.name} is no generator with known keys.")
    return generator


def make_imported_model(
    weights: ForeignWeights,
    other: ForeignWeights | None,
    recipe: str,
    *,
    norm: Norm | None = None,
    skips: Skips | None = None,
    options: Mapping[str, Any] | None = None,
    crop_size: int | None = None,
    notes: tuple[str, ...] = (),
) -> ImportedModel:
    """Return the model of one generator, or of the generators of both directions.

    Args:
        weights: The weights of the generator.
        other: The weights of the opposite direction's generator, for `TWO_WAY_RECIPE` alone.
        recipe: The name of the recipe.
        norm: The norm if the keys fit both.
        skips: The order in which a U-Net concatenates features; None: by its biases.
        options: Options of the network that the keys do not show.
        crop_size: The side of a training crop in pixels; None: 256, or more if a U-Net needs it.
        notes: Assumptions that the importer made, for the user.

    Raises:
        ConfigError: `other` is missing, is not used by the recipe, or is another network.
    """
    if (recipe == TWO_WAY_RECIPE) != (other is not None):
        needed = other is None
        raise ConfigError(
            f"recipe {recipe!r} {'needs' if needed else 'does not use'} the generator of the "
            f"opposite direction: {'add --other FILE' if needed else 'leave out --other'}, or "
            f"choose --recipe {'cut' if needed else TWO_WAY_RECIPE}."
        )
    generator = read_generator_of(weights, norm, skips)
    part = {**generator.part, **(options or {})}
    in_channels, out_channels = generator.channels
    network = "generator" if other is None else "source_to_target"
    tensors = {f"{network}.{key}": tensor for key, tensor in generator.tensors.items()}
    recipe_options: dict[str, Any] = {"generator": part}
    if other:
        opposite = read_generator_of(other, norm, skips)
        if (opposite.part, opposite.channels) != (generator.part, (out_channels, in_channels)):
            raise ConfigError(
                f"--other {other.name}: expected the same network as {weights.name}, with input "
                "and output exchanged; it has other layers, norms or channels."
            )
        tensors |= {f"target_to_source.{key}": tensor for key, tensor in opposite.tensors.items()}
        if in_channels != out_channels:
            recipe_options["identity_weight"] = 0.0
    if generator.ambiguous_norm:
        notes += (
            f"the keys fit batch norm and instance norm with weights: {part['norm']} (option norm)",
        )
    if part["name"] == "resnet" and part.get("padding", "reflect") == "reflect":
        notes += (PADDING_NOTE,)
    if part["name"] == "unet":
        notes += (f"the U-Net concatenates features {generator.skips} (option skips)",)
    side = crop_size or max(256, 2 ** part.get("levels", 0))
    return ImportedModel(
        recipe=recipe,
        options=recipe_options,
        tensors=tensors,
        size=(side, side),
        channels=(in_channels, out_channels),
        notes=(*notes, RANGE_NOTE, f"training crops had {side} pixels (option crop_size)"),
    )
