"""Merge a configuration from its layers: defaults, recipe, file, flags."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from pydantic import (
    ValidationError,
)

from translate.engine.config.schema import Config, Data, Train
from translate.engine.config.value_types import Fragment, Section
from translate.engine.config.yaml import is_plain, parse, read, to_yaml_types
from translate.engine.system import signatures
from translate.errors import ConfigError, PluginError, printable_name, short_repr, suggest
from translate.registry import find, names

SECTIONS: Mapping[str, type[Section]] = {"data": Data, "train": Train}
FLAGS: Mapping[str, str] = {
    "domains": "data.domains",
    "data": "data.root",
    "size": "data.size",
    "drop_unpaired": "data.layout.drop_unpaired",
    "steps": "train.steps",
    "epochs": "train.epochs",
    "batch_size": "train.batch_size",
    "seed": "train.seed",
    "device": "train.device",
    "precision": "train.precision",
    "deterministic": "train.deterministic",
}
"""Settings with their own option of the command line and of `translate.api.train`."""
EXAMPLES = {"options": "options.lr", "data": "data.size", "train": "train.steps"}
"""an example of a setting of each section, for error messages"""
DEFAULT_PARTS = {"data.layout": Data.model_fields["layout"].default}
"""default parts, whose options can be set without naming the part"""
KEYS = {"": list(Config.model_fields)} | {k: list(s.model_fields) for k, s in SECTIONS.items()}


def resolve(
    recipe: str | None = None,
    *,
    config: str | Mapping[str, Any] | None = None,
    flags: Mapping[str, Any] | None = None,
    assignments: Sequence[str] = (),
) -> Config:
    """Merge the layers, later wins: defaults, the recipe's, `config`, `flags`, `assignments`.

    `config` is a bundled name, a file or a document; `flags` maps dotted keys to values;
    `assignments` are ``section.key=VALUE`` with YAML values. Raises `ConfigError` that names the
    key, what was expected, and the nearest key there is.
    """
    document = read(config) if isinstance(config, str) else config or {}
    recipe = recipe or document.get("recipe")
    if not isinstance(recipe, str):
        raise ConfigError(
            "which recipe? Name one with --plugin, or a configuration with --config: "
            "`translate show` lists them.",
            *(
                f"{key}: unknown key.{suggest(key, KEYS[''])}"
                for key in document
                if key not in KEYS[""]
            ),
        )
    kind: Any = find("recipe", recipe)
    merged: Fragment = {"recipe": recipe, "options": {}, "data": {}, "train": {}}
    _merge_recipe_defaults(merged, kind)
    name = f"recipe {recipe!r}"
    try:
        merge_fragment(merged, {key: value for key, value in document.items() if key != "recipe"})
    except ConfigError as error:  # all that is wrong in a file at once
        unknown = signatures.unknown_options(name, kind, merged["options"], ["spec"])
        raise ConfigError(*error.args, *unknown) from error
    for key, value in (flags or {}).items():
        set_key(merged, key, value)
    merged["options"] = with_defaults(kind, merged["options"])
    _assign_all(merged, assignments)
    _assign_layout(merged, flags or {})
    merged["options"] = signatures.convert_options(
        name, kind, with_defaults(kind, merged["options"]), ["spec"]
    )
    return validate(merged)


def _merge_recipe_defaults(below: Fragment, recipe: Any) -> None:
    """Merge `Recipe.defaults` into `below`; raise `PluginError` for an error in them."""
    try:
        merge_fragment(below, recipe.defaults)
        find("layout", validate(below).data.layout_name)
    except ConfigError as error:
        raise PluginError(f"the defaults of {recipe.__name__}, in its plugin: {error}") from error


def resolve_data(flags: Mapping[str, Any], assignments: Sequence[str] = ()) -> Data:
    """Return the settings of ``data`` alone; raises `ConfigError` as `resolve` does."""
    document: Fragment = {"recipe": "none", "options": {}, "data": {}, "train": {}}
    for key, value in flags.items():
        set_key(document, key, value)
    _assign_all(document, assignments)
    _assign_layout(document, flags)
    for section in ("options", "train"):
        if document[section]:
            key = f"{section}.{next(iter(document[section]))}"
            raise ConfigError(
                f"--set {printable_name(key)}: no model is made here, expected data.KEY=VALUE."
            )
    return validate(document).data


def _assign_all(document: Fragment, assignments: Sequence[str]) -> None:
    """Set what ``--set section.key=VALUE`` says."""
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise ConfigError(f"--set {printable_name(assignment)}: expected section.key=VALUE.")
        set_key(document, key.strip(), parse(text, key) if text.strip() else None)


def _assign_layout(document: Fragment, flags: Mapping[str, Any]) -> None:
    """Set the options of a layout that have a flag, whichever layout was chosen after it."""
    for key, value in flags.items():
        if key.startswith("data.layout."):
            set_key(document, key, value)


def settings_from_flags(flags: Mapping[str, Any]) -> Fragment:
    """Return by dotted key those of `flags`, named as in `FLAGS`, that are set."""
    return {FLAGS[name]: value for name, value in flags.items() if is_given(value)}


def is_given(value: Any) -> bool:
    """Return whether a flag was given: 0 is a value, and an absent switch is none."""
    return value is not None and value is not False and value != ()


def validate(document: Mapping[str, Any]) -> Config:
    """Return `document` as a `Config`; raises `ConfigError`."""
    try:
        return Config.model_validate(document)
    except ValidationError as error:
        raise ConfigError(signatures.validation_message(error, KEYS)) from error


def with_defaults(recipe: Callable[..., Any], settings: Mapping[str, Any]) -> Fragment:
    """Return `settings` with the recipe's defaults for what is not given."""
    known = signatures.read_options(recipe, ["spec"]).values()
    defaults = {
        o.name: to_yaml_types(o.default) for o in known if not o.required or o.name in settings
    }
    for name, value in defaults.items():
        if name not in settings and not is_plain(value):
            raise PluginError(
                f"{recipe.__name__}: the default of the option {name!r} is {short_repr(value)}, "
                "which a configuration cannot hold: expected null, true, false, a number, text, a "
                "list or a mapping, such as the name of a class instead of the class."
            )
    return {**defaults, **settings}


def merge_fragment(below: Fragment, above: Mapping[str, Any]) -> None:
    """Merge the fragment `above` into `below`, section by section.

    Raises:
        ConfigError: Keys are unknown or values invalid: one line for each.
    """
    if not isinstance(above, Mapping):
        raise ConfigError(f"expected recipe, options, data and train, got {short_repr(above)}.")
    errors = [
        e for section, values in above.items() for e in _merge_section(below, section, values)
    ]
    if errors:
        raise ConfigError(*errors)


def _merge_section(below: Fragment, section: str, values: Any) -> list[str]:
    """Set all `values` of a section that are valid; return the errors of the others."""
    if section not in KEYS[""]:
        near = hint(str(section), below.get("recipe")) or suggest(section, KEYS[""])
        return [f"{printable_name(str(section))}: unknown key.{near}"]
    if not isinstance(values, Mapping):
        return [f"{section}: expected a mapping, got {short_repr(values)}."]
    errors = []
    for key, value in values.items():
        try:
            set_key(below, f"{section}.{key}", deepcopy(value))
        except ConfigError as error:
            errors.append(str(error))
    return errors


def set_key(document: Fragment, key: str, value: Any) -> None:
    """Set one dotted key; None clears it. ``options.generator.blocks`` reaches into a part."""
    section, *path = key.split(".")
    recipe = document.get("recipe")
    if section == "recipe":
        raise ConfigError(f"{printable_name(key)} is no setting: name the recipe with --plugin.")
    if section in KEYS[""] and not all(path or [""]):
        raise ConfigError(
            f"{printable_name(key)}: expected {section}.KEY, such as {EXAMPLES[section]}."
        )
    if section not in KEYS[""]:
        near = hint(section, recipe) or f"{suggest(section, KEYS[''])} (section.key=VALUE)"
        raise ConfigError(f"{printable_name(key)}: unknown key.{near}")
    if section in SECTIONS and path[0] not in KEYS[section]:
        near = hint(path[0], recipe) or suggest(path[0], KEYS[section])
        raise ConfigError(f"{printable_name(key)}: unknown key.{near}")
    place = document[section]
    for name in path[:-1]:
        inner = place.get(
            name, DEFAULT_PARTS.get(f"{section}.{name}", {} if section == "train" else None)
        )
        if isinstance(inner, str) and section != "train":
            inner = {"name": inner}
        if not isinstance(inner, Mapping):
            if section == "train" and name in ("schedule", "clip_norm"):
                whole = f"{section}.{name}={{{path[-1]}: {value}}}"
                raise ConfigError(
                    f"{printable_name(key)}: train.{name} is {short_repr(inner)}, for all players. "
                    f'Set it whole, such as --set "{whole}".'
                )
            raise ConfigError(f"{printable_name(key)}: {name!r} holds no options.")
        place[name] = place = dict(inner)
    if value is None:
        place.pop(path[-1], None)
    else:
        place[path[-1]] = value
    if section == "train" and value is not None and path[0] in ("steps", "epochs"):
        place.pop("epochs" if path[0] == "steps" else "steps", None)


def hint(name: str, recipe: str | None) -> str:
    """Return a suggestion where the setting `name` belongs and what to type, or an empty string.

    Options of a recipe match by their first or last word as well.
    """
    keys = [f"{section}.{name}" for section in SECTIONS if name in KEYS[section]]
    kinds = names("recipe")
    known = [kinds[recipe]] if recipe in kinds else kinds.values() if recipe is None else ()
    known_options = {option for kind in known for option in signatures.read_options(kind, ["spec"])}
    words = [
        o for o in sorted(known_options) if name in (o.partition("_")[0], o.rpartition("_")[2])
    ]
    keys += [f"options.{option}" for option in ([name] if name in known_options else words)]
    if not keys:
        return ""
    named_by = " or ".join(f"--set {key}=VALUE" for key in keys)
    owner = f" of recipe {recipe!r}" if recipe and keys[0].startswith("options.") else ""
    return f" Did you mean the setting {' or '.join(keys)}{owner}? Write {named_by}."
