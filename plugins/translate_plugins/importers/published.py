"""What importers of published code share: from a generator of a file to an `ImportedModel`."""

from collections.abc import Mapping
from typing import Any

from translate.errors import CheckpointError, ConfigError
from translate.importers import ForeignWeights, ImportedModel
from translate_plugins.importers.generators import Generator, Norm, Skips, read_generator

BOTH_WAYS = "cyclegan"
"""the recipe with a generator of each direction; the others have one, `generator`"""
NORM = (
    "norm where the keys fit both, as in files of 2017; default: instance-affine for a ResNet, "
    "batch for a U-Net"
)
SKIPS = (
    "order in which a U-Net concatenates features: outer-first; inner-first in the authors' code "
    "before 22 September 2017, in BicycleGAN and DeblurGAN; default: as code with such biases"
)
CROP_SIZE = "side of a training crop in pixels, which the file does not say; default: 256"
RANGE = "the whole range of pixel values is mapped to [-1, 1], as in the authors' code"
PADDING = "the padding is by reflection, the authors' default"


def read(
    weights: ForeignWeights, norm: Norm | None = None, skips: Skips | None = None
) -> Generator:
    """Return the generator of a file that was recognized."""
    generator = read_generator(weights.tensors, norm, skips)
    if generator is None:
        raise CheckpointError(f"{weights.name} is no generator with known keys.")
    return generator


def assemble(
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
    """Return the model of one generator, or of those of both directions.

    Args:
        weights: The generator.
        other: The generator of the opposite direction, for the recipe `BOTH_WAYS` alone.
        recipe: The recipe.
        norm: The norm, where the keys fit two.
        skips: The order of a U-Net.
        options: Options of the network that the keys do not show.
        crop_size: The side of a training crop; None: 256, or more if the network needs it.
        notes: What else was assumed.

    Raises:
        ConfigError: `other` is missing, is not used, or is another network.
    """
    if (recipe == BOTH_WAYS) != (other is not None):
        needed = other is None
        raise ConfigError(
            f"recipe {recipe!r} {'needs' if needed else 'does not use'} the generator of the "
            f"opposite direction: {'add --other FILE' if needed else 'leave out --other'}, or "
            f"choose --recipe {'cut' if needed else BOTH_WAYS}."
        )
    generator = read(weights, norm, skips)
    part, channels = {**generator.part, **(options or {})}, generator.channels
    first = "generator" if other is None else "source_to_target"
    tensors = {f"{first}.{key}": tensor for key, tensor in generator.tensors.items()}
    recipe_options: dict[str, Any] = {"generator": part}
    if other:
        opposite = read(other, norm, skips)
        if (opposite.part, opposite.channels) != (generator.part, channels[::-1]):
            raise ConfigError(
                f"--other {other.name}: expected the same network as {weights.name}, with input "
                "and output exchanged; it has other layers, norms or channels."
            )
        tensors |= {f"target_to_source.{key}": tensor for key, tensor in opposite.tensors.items()}
        if channels[0] != channels[1]:
            recipe_options["identity_weight"] = 0.0
    if generator.ambiguous_norm:
        notes += (
            f"the keys fit batch norm and instance norm with weights: {part['norm']} (option norm)",
        )
    if part.get("padding", "reflect") == "reflect" and part["name"] != "unet":
        notes += (PADDING,)
    if part["name"] == "unet":
        notes += (f"the U-Net concatenates features {generator.skips} (option skips)",)
    side = crop_size or max(256, 2 ** part.get("levels", 0))
    return ImportedModel(
        recipe=recipe,
        options=recipe_options,
        tensors=tensors,
        size=(side, side),
        channels=channels,
        notes=(*notes, RANGE, f"training crops had {side} pixels (option crop_size)"),
    )
