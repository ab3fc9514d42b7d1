"""Convert the networks of published code by the built-in importers."""

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from translate.importers import ForeignWeights, ImportedModel
from translate.registry import create, create_generator, names

Tensors = dict[str, Tensor]
BLURS = ("down", "up")


def weights_of(tensors: Tensors) -> ForeignWeights:
    """Return tensors as those of a file of published code."""
    return ForeignWeights(Path("latest_net_G.pth"), tensors)


def recognizing(tensors: Tensors) -> list[str]:
    """Return the importers that recognize a network, in their order."""
    weights = weights_of(tensors)
    return [name for name in names("importer") if create("importer", name).recognizes(weights)]


def converted(
    importer: str,
    tensors: Tensors,
    *,
    recipe: str | None = None,
    other: Tensors | None = None,
    **options: Any,
) -> ImportedModel:
    """Convert a network by an importer with options."""
    made: ImportedModel = create("importer", {"name": importer, **options}).convert(
        weights_of(tensors), weights_of(other) if other else None, recipe
    )
    return made


def generator_of(model: ImportedModel) -> nn.Module:
    """Return the generator in float64, which all tensors of the file fill."""
    before, after = model.channels
    part = model.options["generator"]
    generator = create_generator(part, in_channels=before, out_channels=after)
    generator.load_state_dict({k.removeprefix("generator."): t for k, t in model.tensors.items()})
    return generator.double().eval()
