"""Importer of pytorch-CycleGAN-and-pix2pix: ResNet and U-Net generators, with all norms."""

from typing import Annotated, Any

from pydantic import Field, PositiveInt

from translate.errors import ConfigError
from translate.importers import ForeignWeights, ImportedModel
from translate_plugins.importers.generators import GeneratorWeights, Norm, Skips
from translate_plugins.importers.published import (
    CROP_SIZE,
    NORM,
    SKIPS,
    TWO_WAY_RECIPE,
    has_published_architecture,
    make_imported_model,
    read_generator_of,
)


class JunyanzImporter:
    """Generators of pytorch-CycleGAN-and-pix2pix, or code with its keys: ``latest_net_G*.pth``."""

    recipes = ("cut", "fastcut", "pix2pix", TWO_WAY_RECIPE)

    def __init__(
        self,
        *,
        norm: Annotated[Norm | None, NORM] = None,
        skips: Annotated[Skips | None, SKIPS] = None,
        dropout: Annotated[
            float,
            Field(ge=0, le=1),
            "dropout probability of a U-Net, which the file does not contain; authors' code: 0.5",
        ] = 0.5,
        crop_size: Annotated[PositiveInt | None, CROP_SIZE] = None,
    ) -> None:
        self.norm, self.skips = norm, skips
        self.dropout, self.crop_size = dropout, crop_size

    def recognizes(self, weights: ForeignWeights) -> bool:
        return has_published_architecture(weights, self.norm)

    def convert(
        self, weights: ForeignWeights, other: ForeignWeights | None, recipe: str | None
    ) -> ImportedModel:
        generator = read_generator_of(weights, self.norm)
        in_channels, _ = generator.channels
        notes: tuple[str, ...] = ()
        if recipe is None:
            recipe = TWO_WAY_RECIPE if other else _default_recipe(generator, weights)
            if recipe == "cut":
                notes += ("recipe cut, as it translates in one direction; CycleGAN needs both",)
        options: dict[str, Any] = {}
        if generator.part["name"] == "unet":
            options["dropout"] = self.dropout
            notes += (f"the U-Net has dropout of {self.dropout:g} (option dropout)",)
            if in_channels > 4:
                notes += (
                    f"all {in_channels} input channels are an image's; in BicycleGAN's code some "
                    "are a latent vector",
                )
        if recipe == "pix2pix":
            notes += (
                "dropout and statistics of each image at inference, as in the authors' test.py",
            )
        return make_imported_model(
            weights,
            other,
            recipe,
            norm=self.norm,
            skips=self.skips,
            options=options,
            crop_size=self.crop_size,
            notes=notes,
        )


def _default_recipe(generator: GeneratorWeights, weights: ForeignWeights) -> str:
    """Return the recipe that translates as the authors' ``test.py``.

    Raises `ConfigError` if there are two.
    """
    part, (in_channels, out_channels) = generator.part, generator.channels
    if part["name"] == "resnet" and (part["dropout"] or "upsample" in part):
        raise ConfigError(
            f"{weights.name}: a ResNet with {'dropout' if part['dropout'] else '4x4 upsampling'}, "
            "which both pix2pix and DeblurGAN have: add --recipe pix2pix, or --recipe deblurgan "
            "if its output is added to its input (--learn_residual)."
        )
    has_norm_of_cut = part["name"] == "resnet" and part["norm"] != "batch"
    return "cut" if has_norm_of_cut and in_channels == out_channels else "pix2pix"
