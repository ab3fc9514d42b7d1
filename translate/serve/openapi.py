"""The part of the OpenAPI document that depends on the models."""

from collections.abc import Sequence
from typing import Any

BINARY = {"type": "string", "contentMediaType": "application/octet-stream"}
PREVIEWS = {"type": "object", "properties": dict.fromkeys(("image", "before", "after"), BINARY)}
ERROR = {
    "description": "The request is rejected; `id` identifies it in the server's log.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {"error": {"type": "string"}, "id": {"type": "string"}},
            }
        }
    },
}
STATUSES = (400, 401, 403, 404, 408, 413, 422, 500, 503, 504)


def document(models: Sequence[dict[str, Any]], ability: str) -> dict[str, Any]:
    """Return the OpenAPI operation of ``translate`` or ``sample``.

    Args:
        models: The descriptions of all models.
        ability: ``translate`` or ``sample``.
    """
    capable = [model for model in models if model[ability]]
    names = [model["id"] for model in capable]
    model = {"name": "model", "meaning": "model, if several can do it", "default": None}
    parameters = [_parameter({**model, "schema": {"type": "string", "enum": names}}, "")]
    owners: dict[str, list[str]] = {}
    first: dict[str, dict[str, Any]] = {}
    for description in capable:
        for parameter in description[ability]["parameters"]:
            owners.setdefault(parameter["name"], []).append(description["id"])
            first.setdefault(parameter["name"], parameter)
    for name, parameter in first.items():
        models_of = "" if len(owners[name]) == len(capable) else ", ".join(owners[name])
        parameters.append(_parameter(parameter, models_of))
    image = {
        "description": "The image; for clients that accept a form, a form with the image, and PNG "
        "files `before` and `after` if browsers do not display the image or the result.",
        "content": {"image/*": {"schema": BINARY}, "multipart/form-data": {"schema": PREVIEWS}},
    }
    operation: dict[str, Any] = {
        "parameters": parameters,
        "responses": {"200": image, **{str(status): ERROR for status in STATUSES}},
    }
    if ability == "translate":
        form = {"type": "object", "properties": {"image": BINARY, "mask": BINARY}}
        content = {"multipart/form-data": {"schema": form}, "image/*": {"schema": BINARY}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameter(parameter: dict[str, Any], models: str) -> dict[str, Any]:
    schema = dict(parameter["schema"])
    if parameter["default"] is not None:
        schema["default"] = parameter["default"]
    return {
        "name": parameter["name"],
        "in": "query",
        "required": False,
        "description": parameter["meaning"] + (f" (of {models})" if models else ""),
        "schema": schema,
    }
