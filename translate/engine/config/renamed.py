"""Replace old names of options and networks in files of earlier versions."""

from collections.abc import Iterable, Mapping
from typing import Any

from translate.engine.config.value_types import Fragment
from translate.engine.system import signatures
from translate.registry import names

LAYOUT_OPTIONS = ("sides", "drop_unpaired")
"""keys of ``data`` in 0.1.0"""


def renamed_by(recipe: str) -> Mapping[str, str]:
    """Return the `renamed` names of a recipe; none if it is not installed."""
    factory: Any = names("recipe").get(recipe)
    return factory.renamed if factory else {}


def current_document(document: Mapping[str, Any]) -> Fragment:
    """Return a configuration of an earlier version with the current names of its options."""
    if isinstance(data := document.get("data"), Mapping):
        document = {**document, "data": _current_data(data)}
    recipe, options = document.get("recipe"), document.get("options")
    if not (isinstance(recipe, str) and isinstance(options, Mapping)):
        return dict(document)  # validation says what is wrong with it
    if not (renamed := renamed_by(recipe)):
        return dict(document)
    current = signatures.read_options(names("recipe")[recipe], ["spec"])
    old = {key: new for key, new in renamed.items() if key not in current}
    return {**document, "options": _current_options(options, old)}


def _current_data(data: Mapping[str, Any]) -> Fragment:
    """Return settings of ``data`` with the options of the layout moved to `layout`."""
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
    """Return `values` by their current names; `valid_names` are not replaced."""
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
    """Return options, and the options of parts within them, by their current names."""
    result: Fragment = {}
    for key, value in options.items():
        inner = isinstance(value, Mapping)
        new = current_name(f"{path}{key}", new_names).rpartition(".")[2]
        result[new] = _current_options(value, new_names, f"{path}{key}.") if inner else value
    return result
