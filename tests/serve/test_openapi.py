"""The OpenAPI document of several models."""

from typing import Any

from translate.serve.openapi import operation_of


def describe(name: str, *parameters: str) -> dict[str, Any]:
    """Return the description of a model that translates."""
    descriptions = [
        {"name": each, "meaning": f"the {each}", "default": None, "schema": {}}
        for each in parameters
    ]
    return {"id": name, "translate": {"parameters": descriptions}, "sample": None}


def test_a_parameter_that_not_all_models_have_names_those_that_do() -> None:
    operation = operation_of([describe("a", "size", "steps"), describe("b", "size")], "translate")
    texts = {each["name"]: each["description"] for each in operation["parameters"]}
    assert texts == {
        "model": "name of the model, if several can do it",
        "size": "the size",
        "steps": "the steps (of a)",
    }
    assert operation["parameters"][0]["schema"]["enum"] == ["a", "b"]


def test_a_translation_takes_an_image_and_a_mask_and_a_sample_no_file() -> None:
    content = operation_of([describe("a")], "translate")["requestBody"]["content"]
    properties = content["multipart/form-data"]["schema"]["properties"]
    assert list(properties) == ["image", "mask"]
    sample = operation_of([describe("a")], "sample")
    assert "requestBody" not in sample and sample["parameters"][0]["schema"]["enum"] == []
