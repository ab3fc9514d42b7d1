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


class Grain(Shade):
    def translate(  # type: ignore[override]
        self, images: torch.Tensor, *, to: str | None = None, noise: Noise | None = None
    ) -> torch.Tensor:
        raise NotImplementedError


def names(described: dict[str, Any]) -> list[str]:
    return [parameter["name"] for parameter in described["parameters"]]


def model(recipe: type[Shade], spec: ImageSpec = SPEC, **given: Any) -> Model:
    made = recipe(spec)
    made.domains = spec.names
    return replace(Model("mine", "", spec, recipe=made), **given)


def test_a_model_that_translates_has_its_domains_and_options() -> None:
    found = describe(model(Shade, recipe_name="shade", step=7))
    assert (found["id"], found["recipe"], found["step"]) == ("mine", "shade", 7)
    assert found["sample"] is None
    assert found["translate"]["domains"] == ["winter"]
    expected = ["to", "size", "scale_back", "format", "level", "fault"]
    assert names(found["translate"]) == expected, "its option `table` is a path"
    level = found["translate"]["parameters"][4]
    assert level == {
        "name": "level",
        "meaning": "factor of all values",
        "default": 0.5,
        "schema": {"type": "number", "minimum": 0, "maximum": 1},
    }
    assert found["translate"]["parameters"][5]["schema"]["enum"] == ["none", "bug", "memory", "nan"]
    assert json.loads(json.dumps(found)) == found


def test_a_default_that_json_lacks_is_left_out() -> None:
    class Endless(Shade):
        def translate(  # type: ignore[override]
            self, images: torch.Tensor, *, to: str | None = None, most: float = torch.inf
        ) -> torch.Tensor:
            raise NotImplementedError

    most = describe(model(Endless))["translate"]["parameters"][-1]
    assert (most["name"], most["default"]) == ("most", None)


def test_parameters_without_effect_are_left_out() -> None:
    assert "seed" in names(describe(model(Grain))["translate"])
    assert "seed" not in names(describe(model(Shade))["translate"])
    sides = replace(SPEC, sides=("summer", "winter"))
    side = describe(model(Shade, sides))["translate"]["parameters"][3]
    assert (side["name"], side["schema"]["enum"]) == ("side", ["summer", "winter", "whole"])
    assert describe(FILLER)["translate"]["mask"] is True


def test_a_model_that_samples_has_its_classes(tmp_path: Path) -> None:
    drawing, _ = load(small_checkpoints.cgan(tmp_path / "cgan"), device="cpu")
    found = describe(drawing)
    assert found["translate"] is None
    assert found["sample"]["classes"] == ["zero", "one", "two"]
    assert names(found["sample"]) == ["count", "label", "seed"]
    plain, _ = load(small_checkpoints.gan(tmp_path / "gan"), device="cpu")
    assert names(describe(plain)["sample"]) == ["count", "seed"]


def test_domains_are_named_without_their_folders() -> None:
    spec = image_spec((32, 32), ("/home/me/summer", "/home/me/winter"))
    found = describe(model(Shade, spec))
    assert found["translate"]["domains"] == ["winter"] and "/home" not in json.dumps(found)


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
def test_a_type_has_a_json_schema(annotation: Any, schema: dict[str, Any]) -> None:
    assert json_schema(annotation) == schema


def test_S2_no_parameter_is_a_path_or_a_url() -> None:
    """Whoever adds a parameter decides here that it is none."""
    declared = {*description.translate.__annotations__, *description.sample.__annotations__}
    assert declared - {"return"} == {
        *("to", "size", "scale_back", "side", "seed", "format"),
        *("count", "label", "text"),
    }
