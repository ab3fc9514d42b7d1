from typing import Any

from translate.serve.openapi import operation_of


def described(name: str, *parameters: str) -> dict[str, Any]:
    listed = [
        {"name": each, "meaning": f"the {each}", "default": None, "schema": {}}
        for each in parameters
    ]
    return {"id": name, "translate": {"parameters": listed}, "sample": None}


def test_parameters_of_some_models_name_them() -> None:
    found = operation_of([described("a", "size", "steps"), described("b", "size")], "translate")
    texts = {each["name"]: each["description"] for each in found["parameters"]}
    assert texts == {
        "model": "name of the model, if several can do it",
        "size": "the size",
        "steps": "the steps (of a)",
    }
    assert found["parameters"][0]["schema"]["enum"] == ["a", "b"]


def test_a_translation_has_an_image_and_a_sample_none() -> None:
    form = operation_of([described("a")], "translate")["requestBody"]["content"][
        "multipart/form-data"
    ]
    assert list(form["schema"]["properties"]) == ["image", "mask"]
    found = operation_of([described("a")], "sample")
    assert "requestBody" not in found and found["parameters"][0]["schema"]["enum"] == []
