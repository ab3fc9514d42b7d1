"""Replace old names of options and networks in files of earlier versions."""

from collections.abc import Iterable, Mapping
from typing import Any

from translate.engine.config.value_types import Fragment
from translate.engine.system import signatures
from translate.registry import names

LAYOUT_OPTIONS = ("sides", "drop_unpaired")
"""options of layouts that were keys of ``data`` in version 0.1.0"""


def renamed_by(recipe: str) -> Mapping[str, str]:
    """Return the current name of each old name, `Recipe.renamed`; empty for an unknown recipe."""
    factory: Any = names("recipe").get(recipe)
    return factory.renamed if factory else {}


def current_document(document: Mapping[str, Any]) -> Fragment:
    """Return `document`, a configuration of any version, with the current names of its options."""
    if isinstance(data := document.get("data"), Mapping):
        document = {**document, "data": _current_data(data)}
    recipe, options = document.get("recipe"), document.get("options")
    if not (isinstance(recipe, str) and isinstance(options, Mapping)):
        return dict(document)  # invalid: a later validation raises the error
    if not (renamed := renamed_by(recipe)):
        return dict(document)
    valid_names = signatures.read_options(names("recipe")[recipe], ["spec"])
    new_names = {old: new for old, new in renamed.items() if old not in valid_names}
    return {**document, "options": _current_options(options, new_names)}


def _current_data(data: Mapping[str, Any]) -> Fragment:
    """Return the settings `data` with `LAYOUT_OPTIONS` moved to its key ``layout``."""
    result = dict(data)
    old = {key: result.pop(key) for key in LAYOUT_OPTIONS if key in result}
    if options := {key: value for key, value in old.items() if value}:
        layout = result.get("layout")
        result["layout"] = {
            **(layout if isinstance(layout, Mapping) else {"name": layout}),
            **options,
        }
    return result


def current_names(
    values: Mapping[str, Any], new_names: Mapping[str, str], valid_names: Iterable[str] = ()
) -> dict[str, Any]:
    """Return `values` under the new names of their keys; keys in `valid_names` are not renamed."""
    unchanged = set(valid_names)
    return {
        name if name in unchanged else current_name(name, new_names): value
        for name, value in values.items()
    }


def current_name(name: str, new_names: Mapping[str, str]) -> str:
    """Return a dotted `name` with its longest prefix in `new_names` replaced."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        if new := new_names.get(".".join(parts[:length])):
            return ".".join([new, *parts[length:]])
    return name


def _current_options(
    options: Mapping[str, Any], new_names: Mapping[str, str], path: str = ""
) -> Fragment:
    """Return `options`, and options nested in them, under their current names."""
    result: Fragment = {}
    for key, value in options.items():
        inner = isinstance(value, Mapping)
        new = current_name(f"{path}{key}", new_names).rpartition(".")[2]
        result[new] = _current_options(value, new_names, f"{path}{key}.") if inner else value
    return result
