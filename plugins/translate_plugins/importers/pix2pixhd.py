"""Weights of pix2pixHD: the global generator and the local enhancer."""

from typing import Annotated

from pydantic import Field

from translate.importers import ForeignWeights, ImportedModel
from translate_plugins.importers.generators import read_generator
from translate_plugins.importers.published import CROP_SIZE, assemble, read


class Pix2PixHDImporter:
    """Generators of pix2pixHD: global, and global with a local enhancer, ``latest_net_G.pth``."""

    recipes = ("pix2pixhd",)

    def __init__(self, *, crop_size: Annotated[int | None, Field(gt=0), CROP_SIZE] = None) -> None:
        self.crop_size = crop_size

    def recognizes(self, weights: ForeignWeights) -> bool:
        generator = read_generator(weights.tensors)
        if generator is None or generator.part["name"] == "unet":
            return False
        part = generator.part
        return part["name"] == "enhancer" or not (part["dropout"] or "antialias" in part)

    def convert(
        self,
        weights: ForeignWeights,
        other: ForeignWeights | None,
        recipe: str | None,  # noqa: ARG002
    ) -> ImportedModel:
        generator = read(weights)
        notes: tuple[str, ...] = ()
        if generator.part["norm"] == "batch":
            notes += ("batch norm uses its stored statistics; the authors' code those of an image",)
        if (channels := generator.channels[0]) > 4:
            notes += (
                f"the input has {channels} channels: in the authors' code one-hot labels, edges of "
                "instances and encoded features",
            )
        return assemble(weights, other, "pix2pixhd", crop_size=self.crop_size, notes=notes)
