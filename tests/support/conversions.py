"""Convert the networks of published code by the built-in importers."""

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from translate.importers import ForeignWeights, ImportedModel
from translate.registry import create, create_generator, names

Tensors = dict[str, Tensor]
BLURS = ("down", "up")


def foreign_weights(tensors: Tensors) -> ForeignWeights:
    """Return tensors as if they were read from a weight file."""
    return ForeignWeights(Path("latest_net_G.pth"), tensors)


def recognized_by(tensors: Tensors) -> list[str]:
    """Return the names of the importers that recognize a network, in the order of the registry."""
    weights = foreign_weights(tensors)
    return [name for name in names("importer") if create("importer", name).recognizes(weights)]


def convert(
    importer: str,
    tensors: Tensors,
    *,
    recipe: str | None = None,
    other: Tensors | None = None,
    **options: Any,
) -> ImportedModel:
    """Convert a network by an importer with options."""
    opposite = foreign_weights(other) if other else None
    converter = create("importer", {"name": importer, **options})
    model: ImportedModel = converter.convert(foreign_weights(tensors), opposite, recipe)
    return model


def generator_of(model: ImportedModel) -> nn.Module:
    """Return the generator with the converted tensors, in float64."""
    inputs, outputs = model.channels
    part = model.options["generator"]
    generator = create_generator(part, in_channels=inputs, out_channels=outputs)
    generator.load_state_dict({k.removeprefix("generator."): t for k, t in model.tensors.items()})
    return generator.double().eval()
