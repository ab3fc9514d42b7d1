"""Merge a configuration from its layers: defaults, recipe, file, flags."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from translate.engine.config.schema import Config, Data, Train
from translate.engine.config.value_types import Fragment, Section
from translate.engine.config.yaml_text import is_plain, parse, read, to_yaml_types
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
"""Settings that have an option of their own on the command line and in `translate.api.train`."""
EXAMPLES = {"options": "options.lr", "data": "data.size", "train": "train.steps"}
"""an example of a setting of each section, for error messages"""
DEFAULT_PARTS = {"data.layout": Data.model_fields["layout"].default}
"""default plugins of settings: their options can be set without the plugin's name"""
KEYS = {"": list(Config.model_fields)} | {k: list(s.model_fields) for k, s in SECTIONS.items()}
"""known keys by section; the section "" is the whole configuration"""


def resolve(
    recipe: str | None = None,
    *,
    config: str | Mapping[str, Any] | None = None,
    flags: Mapping[str, Any] | None = None,
    assignments: Sequence[str] = (),
) -> Config:
    """Merge the layers of a configuration; each overrides the layers before it.

    The layers are the defaults of all settings, `Recipe.defaults`, `config` (a bundled name, a file
    or a document), `flags` (values by dotted key) and `assignments` (``section.key=VALUE``, in
    YAML). Raises `ConfigError` with the key, what was expected, and the nearest known key.
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
    factory: Any = find("recipe", recipe)
    merged: Fragment = {"recipe": recipe, "options": {}, "data": {}, "train": {}}
    _merge_recipe_defaults(merged, factory)
    name = f"recipe {recipe!r}"
    try:
        merge_fragment(merged, {key: value for key, value in document.items() if key != "recipe"})
    except ConfigError as error:  # one error for all faults of a file
        unknown = signatures.unknown_options(name, factory, merged["options"], ["spec"])
        raise ConfigError(*error.args, *unknown) from error
    for key, value in (flags or {}).items():
        set_key(merged, key, value)
    merged["options"] = with_defaults(factory, merged["options"])
    _assign_all(merged, assignments)
    _assign_layout(merged, flags or {})
    merged["options"] = signatures.convert_options(
        name, factory, with_defaults(factory, merged["options"]), ["spec"]
    )
    return validate(merged)


def _merge_recipe_defaults(document: Fragment, recipe: Any) -> None:
    """Merge `Recipe.defaults` into `document`; raise `PluginError` if they are invalid."""
    try:
        merge_fragment(document, recipe.defaults)
        find("layout", validate(document).data.layout_name)
    except ConfigError as error:
        raise PluginError(f"the defaults of {recipe.__name__}, in its plugin: {error}") from error


def resolve_data(flags: Mapping[str, Any], assignments: Sequence[str] = ()) -> Data:
    """Return only the section ``data`` of the settings; raises `ConfigError` as `resolve` does."""
    document: Fragment = {"recipe": "none", "options": {}, "data": {}, "train": {}}
    for key, value in flags.items():
        set_key(document, key, value)
    _assign_all(document, assignments)
    _assign_layout(document, flags)
    for section in ("options", "train"):
        if document[section]:
            key = f"{section}.{next(iter(document[section]))}"
            raise ConfigError(
                f"--set {printable_name(key)}: expected data.KEY=VALUE, as no model is made."
            )
    return validate(document).data


def _assign_all(document: Fragment, assignments: Sequence[str]) -> None:
    """Set the keys of `document` that `assignments`, ``section.key=VALUE``, name."""
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise ConfigError(f"--set {printable_name(assignment)}: expected section.key=VALUE.")
        set_key(document, key.strip(), parse(text, key) if text.strip() else None)


def _assign_layout(document: Fragment, flags: Mapping[str, Any]) -> None:
    """Set the layout's options in `flags` again: an assignment may have replaced the layout."""
    for key, value in flags.items():
        if key.startswith("data.layout."):
            set_key(document, key, value)


def settings_from_flags(flags: Mapping[str, Any]) -> Fragment:
    """Return the `flags` that are given, by dotted key; their names are the keys of `FLAGS`."""
    return {FLAGS[name]: value for name, value in flags.items() if is_given(value)}


def is_given(value: Any) -> bool:
    """Return whether a flag has a value; None, () and False (a switch that is off) are none."""
    return value is not None and value is not False and value != ()


def validate(document: Mapping[str, Any]) -> Config:
    """Return `document` as a `Config`; raises `ConfigError`."""
    try:
        return Config.model_validate(document)
    except ValidationError as error:
        raise ConfigError(signatures.validation_message(error, KEYS)) from error


def with_defaults(recipe: Callable[..., Any], settings: Mapping[str, Any]) -> Fragment:
    """Return the options `settings`, with the recipe's default for each option that is missing."""
    declared_options = signatures.read_options(recipe, ["spec"]).values()
    defaults = {
        o.name: to_yaml_types(o.default)
        for o in declared_options
        if not o.required or o.name in settings
    }
    for name, value in defaults.items():
        if name not in settings and not is_plain(value):
            raise PluginError(
                f"{recipe.__name__}: the default of the option {name!r} is {short_repr(value)}, "
                "which a configuration cannot hold: expected null, true, false, a number, text, a "
                "list or a mapping, such as the name of a class instead of the class."
            )
    return {**defaults, **settings}


def merge_fragment(document: Fragment, overrides: Mapping[str, Any]) -> None:
    """Merge `overrides`, a part of a configuration, into `document`, section by section.

    Raises:
        ConfigError: Keys are unknown or values invalid: one line for each.
    """
    if not isinstance(overrides, Mapping):
        raise ConfigError(f"expected recipe, options, data and train, got {short_repr(overrides)}.")
    errors = list[str]()
    for section, values in overrides.items():
        errors += _merge_section(document, section, values)
    if errors:
        raise ConfigError(*errors)


def _merge_section(document: Fragment, section: str, values: Any) -> list[str]:
    """Set the valid `values` of a section of `document`; return an error for each invalid one."""
    if section not in KEYS[""]:
        suggestion = hint(str(section), document.get("recipe")) or suggest(section, KEYS[""])
        return [f"{printable_name(str(section))}: unknown key.{suggestion}"]
    if not isinstance(values, Mapping):
        return [f"{section}: expected a mapping, got {short_repr(values)}."]
    errors = []
    for key, value in values.items():
        try:
            set_key(document, f"{section}.{key}", deepcopy(value))
        except ConfigError as error:
            errors.append(str(error))
    return errors


def set_key(document: Fragment, key: str, value: Any) -> None:
    """Set a dotted key, such as ``options.generator.blocks``, to `value`; None removes the key."""
    section, *path = key.split(".")
    recipe = document.get("recipe")
    if section == "recipe":
        raise ConfigError(f"{printable_name(key)} is no setting: name the recipe with --plugin.")
    if section in KEYS[""] and not all(path or [""]):
        raise ConfigError(
            f"{printable_name(key)}: expected {section}.KEY, such as {EXAMPLES[section]}."
        )
    if section not in KEYS[""]:
        suggestion = hint(section, recipe) or f"{suggest(section, KEYS[''])} (section.key=VALUE)"
        raise ConfigError(f"{printable_name(key)}: unknown key.{suggestion}")
    if section in SECTIONS and path[0] not in KEYS[section]:
        suggestion = hint(path[0], recipe) or suggest(path[0], KEYS[section])
        raise ConfigError(f"{printable_name(key)}: unknown key.{suggestion}")
    settings = document[section]
    for name in path[:-1]:
        inner = settings.get(
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
        settings[name] = settings = dict(inner)
    if value is None:
        settings.pop(path[-1], None)
    else:
        settings[path[-1]] = value
    if section == "train" and value is not None and path[0] in ("steps", "epochs"):
        settings.pop("epochs" if path[0] == "steps" else "steps", None)


def hint(name: str, recipe: str | None) -> str:
    """Return a suggestion of the settings called `name`, with what to type; or an empty string.

    If a recipe has no option `name`, its options that begin or end with the word `name` match.
    """
    keys = [f"{section}.{name}" for section in SECTIONS if name in KEYS[section]]
    recipes = names("recipe")
    factories = recipes.values() if recipe is None else filter(None, [recipes.get(recipe)])
    options = {o for factory in factories for o in signatures.read_options(factory, ["spec"])}
    similar = [o for o in sorted(options) if name in (o.partition("_")[0], o.rpartition("_")[2])]
    keys += [f"options.{option}" for option in ([name] if name in options else similar)]
    if not keys:
        return ""
    named_by = " or ".join(f"--set {key}=VALUE" for key in keys)
    owner = f" of recipe {recipe!r}" if recipe and keys[0].startswith("options.") else ""
    return f" Did you mean the setting {' or '.join(keys)}{owner}? Write {named_by}."
