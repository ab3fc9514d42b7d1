"""The page of all configuration keys: type, default, text and values."""

from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from documentation import markup
from translate.cli.messages.annotated_yaml import add_choices
from translate.cli.parameters.choices import allowed_values
from translate.engine.config.layers import SECTIONS
from translate.engine.config.yaml_text import one_line, to_yaml_types

YAML_TYPES = {
    int: "integer",
    float: "number",
    bool: "true or false",
    str: "text",
    dict: "mapping",
    tuple: "list",
    type(None): "",
}
"""What YAML calls a type."""
INTRO = """# Configuration keys

A configuration has `recipe`, `options`, `data` and `train`. `options` are those of the
[recipe](recipes.md). Set a key by `--set data.size=128`, or in a file for `--config`. An empty
default means none. How sources are combined: [Configurations](../configurations.md).
"""


def write() -> dict[str, str]:
    """Return the text of the page by its path."""
    text = INTRO
    for section, model in SECTIONS.items():
        rows = [
            (
                f'<span id="{section}.{key}"></span>{markup.code(f"{section}.{key}")}',
                _type(field.annotation),
                ""
                if field.default is None
                else markup.code(one_line(to_yaml_types(field.default))),
                markup.escape(
                    add_choices(
                        field.description or "", allowed_values(field.annotation, field.metadata)
                    )
                ),
            )
            for key, field in model.model_fields.items()
        ]
        text += markup.heading(2, f"`{section}`", section)
        text += f"{model.__doc__}\n\n" + markup.table(("key", "type", "default", ""), rows)
    return {"reference/settings.md": text}


def _type(annotation: Any) -> str:
    """Return what YAML calls a type, such as ``integer or list``."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(inner[0])
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(filter(None, map(_type, inner))))
    return "name" if origin is Literal else YAML_TYPES.get(origin or annotation, "text")
