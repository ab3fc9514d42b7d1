"""The check of an importer reports the rule that the importer breaks, and the line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from valid_recipe import register_parts

from translate.importers import ForeignWeights, ImportedModel
from translate.testing import check_importer


class ValidImporter:
    """An importer of files with a tensor ``mine``."""

    recipes: Any = ("cut",)
    tensors: dict[str, torch.Tensor] = {}

    def recognizes(self, weights: ForeignWeights) -> bool:
        return "mine" in weights.tensors

    def convert(
        self,
        weights: ForeignWeights,  # noqa: ARG002
        other: ForeignWeights | None,  # noqa: ARG002
        recipe: str | None,  # noqa: ARG002
    ) -> ImportedModel:
        small = {"name": "resnet", "width": 4, "blocks": 1, "downsamplings": 1}
        return ImportedModel(
            recipe="cut", options={"generator": small}, tensors=self.tensors, size=(32, 32)
        )


class ReadsInTheConstructor(ValidImporter):
    def __init__(self) -> None:
        self.text = (Path(__file__).parents[3] / "pyproject.toml").read_text()


class NamesAnUnknownRecipe(ValidImporter):
    recipes = ("cut", "cutt")


class NamesARecipeAsText(ValidImporter):
    recipes = "cut"


class RecognizesAll(ValidImporter):
    def recognizes(self, weights: ForeignWeights) -> bool:  # noqa: ARG002
        return True


class RaisesForUnknownWeights(ValidImporter):
    def recognizes(self, weights: ForeignWeights) -> bool:
        return weights.tensors["mine"].ndim == 1


class ReturnsUnknownTensors(ValidImporter):
    tensors = {"else": torch.zeros(1)}


class ChangesTheFile(ValidImporter):
    def convert(
        self, weights: ForeignWeights, other: ForeignWeights | None, recipe: str | None
    ) -> ImportedModel:
        weights.tensors["mine"].add_(1)
        return super().convert(weights, other, recipe)


@pytest.fixture
def check_importer_class(register_plugin, tmp_path: Path) -> Callable[[Any], None]:
    """Return a function that checks an importer class, on a file with a tensor ``mine``."""
    torch.save({"mine": torch.zeros(1000)}, tmp_path / "mine.pth")

    def check(importer: Any) -> None:
        register_parts(register_plugin, importers={"tested": importer})
        check_importer("tested", files=[tmp_path / "mine.pth"])

    return check


def test_a_valid_importer_keeps_the_rules(check_importer_class) -> None:
    check_importer_class(ValidImporter)


@pytest.mark.parametrize(
    ("importer", "message"),
    [
        (ReadsInTheConstructor, "Read no file and open no connection in the constructor"),
        (RecognizesAll, "It returned True for a tensor 'weight'"),
        (RaisesForUnknownWeights, "It raised KeyError: 'mine'"),
        (ReturnsUnknownTensors, "else is unknown"),
        (ChangesTheFile, "It changed mine of"),
    ],
)
def test_an_importer_that_breaks_a_rule_gets_its_message(
    importer: Any, message: str, check_importer_class
) -> None:
    with pytest.raises(AssertionError) as error:
        check_importer_class(importer)
    assert message in str(error.value)
    assert "test_importers.py, line " in str(error.value)


@pytest.mark.parametrize(
    ("importer", "message"),
    [
        (NamesAnUnknownRecipe, "no recipe is called 'cutt'. Did you mean 'cut'"),
        (NamesARecipeAsText, "recipes is 'cut': expected a tuple of names"),
    ],
)
def test_an_importer_must_name_registered_recipes_in_a_tuple(
    importer: Any, message: str, check_importer_class
) -> None:
    with pytest.raises(AssertionError, match=message):
        check_importer_class(importer)
