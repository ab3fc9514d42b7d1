"""What a server describes of a model: its domains, classes, parameters and their JSON schemas."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import small_checkpoints
import torch
from hole_filling import FILLER
from pydantic import Field
from shade_recipe import Shade
from specs import image_spec

from translate.batches import ImageSpec
from translate.engine.models.model import Model, load
from translate.nn.noise import Noise
from translate.serve.models import description
from translate.serve.models.description import describe, json_schema

SPEC = image_spec((32, 32), ("summer", "winter"))


class RandomShade(Shade):
    """A recipe with a translation that needs random numbers."""

    def translate(  # type: ignore[override]
        self, images: torch.Tensor, *, to: str | None = None, noise: Noise | None = None
    ) -> torch.Tensor:
        raise NotImplementedError


def parameter_names(operation: dict[str, Any]) -> list[str]:
    return [parameter["name"] for parameter in operation["parameters"]]


def create_model(recipe_type: type[Shade], spec: ImageSpec = SPEC, **values: Any) -> Model:
    recipe = recipe_type(spec)
    recipe.domains = spec.names
    return replace(Model("mine", "", spec, recipe=recipe), **values)


def test_a_model_that_translates_has_its_domains_and_options() -> None:
    result = describe(create_model(Shade, recipe_name="shade", step=7))
    assert (result["id"], result["recipe"], result["step"]) == ("mine", "shade", 7)
    assert result["sample"] is None
    assert result["translate"]["domains"] == ["winter"]
    expected = ["to", "size", "scale_back", "format", "level", "fault"]
    assert parameter_names(result["translate"]) == expected, "its option `table` is a path"
    level = result["translate"]["parameters"][4]
    assert level == {
        "name": "level",
        "meaning": "factor of all values",
        "default": 0.5,
        "schema": {"type": "number", "minimum": 0, "maximum": 1},
    }
    assert result["translate"]["parameters"][5]["schema"]["enum"] == [
        "none",
        "bug",
        "memory",
        "nan",
    ]
    assert json.loads(json.dumps(result)) == result


def test_a_default_that_json_lacks_is_left_out() -> None:
    class UnlimitedShade(Shade):
        def translate(  # type: ignore[override]
            self, images: torch.Tensor, *, to: str | None = None, maximum: float = torch.inf
        ) -> torch.Tensor:
            raise NotImplementedError

    parameter = describe(create_model(UnlimitedShade))["translate"]["parameters"][-1]
    assert (parameter["name"], parameter["default"]) == ("maximum", None)


def test_parameters_without_effect_are_left_out() -> None:
    assert "seed" in parameter_names(describe(create_model(RandomShade))["translate"])
    assert "seed" not in parameter_names(describe(create_model(Shade))["translate"])
    sides = replace(SPEC, sides=("summer", "winter"))
    side = describe(create_model(Shade, sides))["translate"]["parameters"][3]
    assert (side["name"], side["schema"]["enum"]) == ("side", ["summer", "winter", "whole"])
    assert describe(FILLER)["translate"]["mask"] is True


def test_a_model_that_samples_has_its_classes(tmp_path: Path) -> None:
    conditional, _ = load(small_checkpoints.cgan(tmp_path / "cgan"), device="cpu")
    result = describe(conditional)
    assert result["translate"] is None
    assert result["sample"]["classes"] == ["zero", "one", "two"]
    assert parameter_names(result["sample"]) == ["count", "label", "seed"]
    unconditional, _ = load(small_checkpoints.gan(tmp_path / "gan"), device="cpu")
    assert parameter_names(describe(unconditional)["sample"]) == ["count", "seed"]


def test_domains_are_named_without_their_folders() -> None:
    spec = image_spec((32, 32), ("/home/me/summer", "/home/me/winter"))
    result = describe(create_model(Shade, spec))
    assert result["translate"]["domains"] == ["winter"] and "/home" not in json.dumps(result)


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (int, {"type": "integer"}),
        (bool, {"type": "boolean"}),
        (str | None, {"type": "string"}),
        (Annotated[int | None, Field(ge=1), "text"], {"type": "integer", "minimum": 1}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (torch.Tensor, {}),
        (Any, {}),
    ],
)
def test_an_annotation_has_a_json_schema(annotation: Any, schema: dict[str, Any]) -> None:
    assert json_schema(annotation) == schema


def test_S2_no_parameter_is_a_path_or_a_url() -> None:
    """Whoever adds a parameter confirms here that it is neither a path nor a URL."""
    declared = {*description.translate.__annotations__, *description.sample.__annotations__}
    assert declared - {"return"} == {
        *("to", "size", "scale_back", "side", "seed", "format"),
        *("count", "label", "text"),
    }
