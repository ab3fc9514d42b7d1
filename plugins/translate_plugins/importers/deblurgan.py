"""Weights of DeblurGAN: generators of the correction that is added to a blurred image."""

from typing import Annotated

from pydantic import Field

from translate.errors import ConfigError
from translate.importers import ForeignWeights, ImportedModel
from translate_plugins.importers.generators import Norm, Skips, read_generator
from translate_plugins.importers.published import CROP_SIZE, NORM, SKIPS, assemble, read


class DeblurGANImporter:
    """Generators of DeblurGAN, with ``--recipe deblurgan``: keys are those of ``junyanz``.

    Its output is added to its input and clamped, as by the authors' ``--learn_residual``.
    """

    recipes = ("deblurgan",)

    def __init__(
        self,
        *,
        norm: Annotated[Norm | None, NORM] = None,
        skips: Annotated[Skips, SKIPS] = "inner-first",
        crop_size: Annotated[int | None, Field(gt=0), CROP_SIZE] = None,
    ) -> None:
        self.norm, self.skips, self.crop_size = norm, skips, crop_size

    def recognizes(self, weights: ForeignWeights) -> bool:
        generator = read_generator(weights.tensors, self.norm)
        if generator is None or generator.part["name"] == "unet":
            return generator is not None
        return generator.part["downsamplings"] == 2 and "antialias" not in generator.part

    def convert(
        self,
        weights: ForeignWeights,
        other: ForeignWeights | None,
        recipe: str | None,  # noqa: ARG002
    ) -> ImportedModel:
        before, after = read(weights, self.norm).channels
        if before != after:
            raise ConfigError(
                f"{weights.name}: images of {before} channels cannot be corrected to {after}: "
                "expected the same number, or --recipe pix2pix."
            )
        notes = (
            "the output is added to the input and clamped, as by --learn_residual",
            "dropout is off at inference; the authors' test.py leaves it on",
        )
        return assemble(
            weights,
            other,
            "deblurgan",
            norm=self.norm,
            skips=self.skips,
            crop_size=self.crop_size,
            notes=notes,
        )
