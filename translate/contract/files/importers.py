"""The rules of importers, which convert weights of other toolkits; tested on given files."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from translate.contract.rules import random_pixels, record_io, require, require_equal, require_no_io
from translate.exchange.foreign import read_weights
from translate.exchange.import_ import build
from translate.importers import ForeignWeights, Importer
from translate.registry import create, find

NO_FILES = "not tested: give it files, check_importer(NAME, files=[...])"


@dataclass(frozen=True)
class ImporterSubject:
    """An importer under test."""

    name: str
    files: Sequence[Path] = ()
    """files that the importer can convert"""

    @property
    def owner(self) -> object:
        """The class or function of the plugin."""
        return find("importer", self.name)

    def make(self) -> Importer:
        """Create the importer."""
        created: Importer = create("importer", self.name)
        return created


def constructor_does_no_io(subject: ImporterSubject) -> None:
    """Read no file and open no connection in the constructor."""
    with record_io() as accesses:
        importer = subject.make()
    require_no_io(accesses, importer)


def names_its_recipes(subject: ImporterSubject) -> None:
    """Have an attribute `recipes` with names of recipes that are registered."""
    recipes = subject.make().recipes
    is_collection = isinstance(recipes, Collection) and not isinstance(recipes, str)
    require(is_collection, f"recipes is {recipes!r}: expected a tuple of names.")
    for name in recipes:
        find("recipe", name)


def rejects_unknown_weights(subject: ImporterSubject) -> None:
    """Return False from `recognizes` for unknown weights of any shape, without an error."""
    for key in ("weight", "model.weight", "0.bias", "a/b", ""):
        for shape in ((), (0,), (7,), (3, 3), (2, 3, 4, 4)):
            weights = ForeignWeights(Path("unknown.pth"), {key: torch.zeros(shape)})
            result = subject.make().recognizes(weights)
            require(result is False, f"It returned {result!r} for a tensor {key!r} of {shape}.")


def converts_its_files(subject: ImporterSubject) -> str | None:
    """Recognize each given file, and convert it to weights of a recipe that translates."""
    for file in subject.files:
        weights, importer = read_weights(file), subject.make()
        before = {key: tensor.clone() for key, tensor in weights.tensors.items()}
        require(importer.recognizes(weights) is True, f"It does not recognize {file}.")
        imported_model = importer.convert(weights, None, None)
        require_equal(before, weights.tensors, f"It changed {{}} of {file}: work on a copy.")
        model, _ = build(imported_model, file)
        side = model.recipe.geometry.fit(64)
        images = random_pixels(1, imported_model.channels[0], side, side)
        with torch.no_grad():
            output = model.recipe.eval().translate(images)
        require(output.isfinite().all(), f"The outputs of the model of {file} are not finite.")
    return None if subject.files else NO_FILES


RULES = (constructor_does_no_io, names_its_recipes, rejects_unknown_weights, converts_its_files)
