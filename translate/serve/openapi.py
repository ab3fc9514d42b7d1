"""The OpenAPI description of the routes with parameters that depend on the loaded models."""

from collections.abc import Sequence
from typing import Any

BINARY = {"type": "string", "contentMediaType": "application/octet-stream"}
"""schema of a file"""
PREVIEWS = {"type": "object", "properties": dict.fromkeys(("image", "before", "after"), BINARY)}
"""schema of a form with the result and previews of input and result"""
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
ERROR_STATUSES = (400, 401, 403, 404, 408, 413, 422, 500, 503, 504)


def operation_of(models: Sequence[dict[str, Any]], ability: str) -> dict[str, Any]:
    """Return the OpenAPI operation of the route ``/v1/translate`` or ``/v1/sample``.

    Args:
        models: The descriptions of all models, by `translate.serve.models.description.describe`.
        ability: ``translate`` or ``sample``.
    """
    capable = [model for model in models if model[ability]]
    names = [model["id"] for model in capable]
    model = {"name": "model", "meaning": "name of the model, if several can do it", "default": None}
    parameters = [_parameter({**model, "schema": {"type": "string", "enum": names}}, "")]
    models_by_parameter: dict[str, list[str]] = {}
    distinct_parameters: dict[str, dict[str, Any]] = {}
    for description in capable:
        for parameter in description[ability]["parameters"]:
            models_by_parameter.setdefault(parameter["name"], []).append(description["id"])
            distinct_parameters.setdefault(parameter["name"], parameter)
    for name, parameter in distinct_parameters.items():
        owners = models_by_parameter[name]
        only_of = "" if len(owners) == len(capable) else ", ".join(owners)
        parameters.append(_parameter(parameter, only_of))
    image = {
        "description": "The image; for clients that accept a form, a form with the image, and PNG "
        "files `before` and `after` if browsers cannot display the image or the result.",
        "content": {"image/*": {"schema": BINARY}, "multipart/form-data": {"schema": PREVIEWS}},
    }
    operation: dict[str, Any] = {
        "parameters": parameters,
        "responses": {"200": image, **{str(status): ERROR for status in ERROR_STATUSES}},
    }
    if ability == "translate":
        form = {"type": "object", "properties": {"image": BINARY, "mask": BINARY}}
        content = {"multipart/form-data": {"schema": form}, "image/*": {"schema": BINARY}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameter(parameter: dict[str, Any], only_of: str) -> dict[str, Any]:
    """Return an OpenAPI parameter; `only_of` names the models that have it, empty for all."""
    schema = dict(parameter["schema"])
    if parameter["default"] is not None:
        schema["default"] = parameter["default"]
    return {
        "name": parameter["name"],
        "in": "query",
        "required": False,
        "description": parameter["meaning"] + (f" (of {only_of})" if only_of else ""),
        "schema": schema,
    }
