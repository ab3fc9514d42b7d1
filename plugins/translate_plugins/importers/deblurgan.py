"""Importer of DeblurGAN: generators of the correction that is added to a blurred image."""

from typing import Annotated

from pydantic import PositiveInt

from translate.errors import ConfigError
from translate.importers import ForeignWeights, ImportedModel
from translate_plugins.importers.generators import Norm, Skips
from translate_plugins.importers.published import (
    CROP_SIZE,
    NORM,
    SKIPS,
    has_published_architecture,
    make_imported_model,
    read_generator_of,
)


class DeblurGANImporter:
    """Generators of DeblurGAN, with ``--recipe deblurgan``, as the keys are those of ``junyanz``.

    The output of a generator is added to its input and clamped, as by ``--learn_residual`` of the
    authors' code.
    """

    recipes = ("deblurgan",)

    def __init__(
        self,
        *,
        norm: Annotated[Norm | None, NORM] = None,
        skips: Annotated[Skips, SKIPS] = "inner-first",
        crop_size: Annotated[PositiveInt | None, CROP_SIZE] = None,
    ) -> None:
        self.norm, self.skips, self.crop_size = norm, skips, crop_size

    def recognizes(self, weights: ForeignWeights) -> bool:
        return has_published_architecture(weights, self.norm)

    def convert(
        self,
        weights: ForeignWeights,
        other: ForeignWeights | None,
        recipe: str | None,  # noqa: ARG002
    ) -> ImportedModel:
        in_channels, out_channels = read_generator_of(weights, self.norm).channels
        if in_channels != out_channels:
            raise ConfigError(
                f"{weights.name}: images of {in_channels} channels cannot be corrected to "
                f"{out_channels}: expected the same number, or --recipe pix2pix."
            )
        notes = (
            "the output is added to the input and clamped, as by --learn_residual",
            "dropout is off at inference; the authors' test.py leaves it on",
        )
        return make_imported_model(
            weights,
            other,
            "deblurgan",
            norm=self.norm,
            skips=self.skips,
            crop_size=self.crop_size,
            notes=notes,
        )
