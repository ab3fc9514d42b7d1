"""The API's documentation: what FastAPI cannot read off the routes, as models differ in it."""

from collections.abc import Sequence
from typing import Any

BINARY = {"type": "string", "contentMediaType": "application/octet-stream"}
PREVIEWS = {"type": "object", "properties": dict.fromkeys(("image", "before", "after"), BINARY)}
ERROR = {
    "description": "The request is refused; `id` finds it in the server's log.",
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
    """Return what OpenAPI says of ``translate`` or ``sample``.

    Args:
        models: descriptions of all models.
        ability: the key of the description that lists the parameters.
    """
    able = [model for model in models if model[ability]]
    names = [model["id"] for model in able]
    model = {"name": "model", "meaning": "model, where several can do it", "default": None}
    parameters = [_parameter({**model, "schema": {"type": "string", "enum": names}}, "")]
    owners: dict[str, list[str]] = {}
    first: dict[str, dict[str, Any]] = {}
    for described in able:
        for parameter in described[ability]["parameters"]:
            owners.setdefault(parameter["name"], []).append(described["id"])
            first.setdefault(parameter["name"], parameter)
    for name, parameter in first.items():
        some = len(owners[name]) < len(able)
        parameters.append(_parameter(parameter, ", ".join(owners[name]) if some else ""))
    image = {
        "description": "The image; as a form for clients that accept one, with PNG files `before` "
        "and `after` where a browser does not show the image or the result.",
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


def _parameter(parameter: dict[str, Any], owners: str) -> dict[str, Any]:
    schema = dict(parameter["schema"])
    if parameter["default"] is not None:
        schema["default"] = parameter["default"]
    return {
        "name": parameter["name"],
        "in": "query",
        "required": False,
        "description": parameter["meaning"] + (f" (of {owners})" if owners else ""),
        "schema": schema,
    }
