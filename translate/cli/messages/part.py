"""The output of `translate show PART`. A part is what a plugin registers, other than a recipe.

Examples of parts are networks, losses, layouts, metrics, image formats and sample domains.
"""

from typing import TYPE_CHECKING, Any, cast

from translate.cli.messages.annotated_yaml import (
    RESERVED_ARGUMENTS,
    add_choices,
    append_comment,
    format_default,
)
from translate.cli.parameters.catalogue import CatalogueEntry, entries
from translate.cli.parameters.choices import choices, purpose_of

if TYPE_CHECKING:
    from translate.engine.system.signatures import Option
    from translate.registry import Kind

USAGE_WITHOUT_OPTIONS = {
    "domain": (
        "It is generated in datasets/{short_name} when a command first names it:",
        "  translate datasets draw {name}",
    ),
    "command": ("Run it:", "  translate {name} --help"),
    "format": ("Used for every file that it recognizes by its first bytes.",),
    "importer": (
        "Convert a file of weights to a run; the importer is chosen by what is in the file:",
        "  translate import FILE --out RUN",
    ),
    "exporter": (
        "Write a model; the exporter is chosen by the suffix of the file:",
        "  translate export RUN FILE",
    ),
}
"""what to type to use a part, by its kind"""


def find(name: str, kind: str | None = None) -> list[CatalogueEntry]:
    """Return the parts called `name`, of one kind; of all kinds if `kind` is None."""
    return [
        entry
        for entry in entries()
        if entry.kind not in ("recipe", "configuration")
        and kind in (None, entry.kind)
        and name in (entry.name, f"{entry.distribution}/{entry.name}")
    ]


def describe(part: CatalogueEntry) -> str:
    """Return the description of a part as YAML.

    Comments say what the part is and how to select it; the lines are its options with defaults.
    """
    article = "an" if part.kind[0] in "aeiou" else "a"
    lines = [
        f"# {part.name} is {article} {part.kind} of {part.distribution}. {part.summary}".strip()
    ]
    lines += [f"# {text}" for text in _usage(part)]
    lines.append(f"name: {part.name}")
    for option in options(part):
        comment = add_choices(option.meaning, choices(option))
        lines.append(append_comment(f"{option.name}: {format_default(option)}", comment))
    return "\n".join(lines) + "\n"


def record(part: CatalogueEntry) -> dict[str, Any]:
    """Return the content of `describe` as a JSON object."""
    from translate.engine.config.yaml_text import to_yaml_types

    described = [
        {
            "name": option.name,
            "meaning": option.meaning,
            "default": None if option.required else to_yaml_types(option.default),
            "required": option.required,
            "choices": choices(option),
        }
        for option in options(part)
    ]
    return {**part._asdict(), "usage": _usage(part), "options": described}


def options(part: CatalogueEntry) -> "list[Option]":
    """Return the options of a part."""
    from translate import registry
    from translate.engine.system import signatures

    factory = registry.find(cast("Kind", part.kind), part.name)
    return list(signatures.read_options(factory, RESERVED_ARGUMENTS).values())


def _usage(part: CatalogueEntry) -> list[str]:
    """Return what to type to select a part, and the recipes that accept it."""
    from translate.registry import create

    if usage := USAGE_WITHOUT_OPTIONS.get(part.kind):
        _, _, short_name = part.name.rpartition("/")
        lines = [line.format(name=part.name, short_name=short_name) for line in usage]
        if part.kind == "exporter" and (backend := create("exporter", part.name).backend):
            lines += [f"  translate infer RUN SOURCE OUT --backend {backend}"]
        return lines
    part_options = options(part)
    required = [f", {o.name}: {o.name.upper()}" for o in part_options if o.required]
    example = "".join(required or [f", {o.name}: {format_default(o)}" for o in part_options[:1]])
    value = f"{{name: {part.name}{example}}}"
    if part.kind == "layout":
        return ["Select it for training:", f'  --set "data.layout={value}"']
    if part.kind == "tracker":
        return ["Select it for training:", f'  --set "train.trackers=[{value}]"']
    if part.kind == "metric":
        return [
            "Measure a trained model, or choose checkpoints in training:",
            f"  translate evaluate RUN --metric {part.name}",
            f"  --set train.evaluate_every=500 --set train.metric={part.name}",
        ]
    recipes_by_option = _recipes_that_accept(part)
    if not recipes_by_option:
        return [f"No installed recipe accepts this {part.kind}: select it in a recipe of your own."]
    accepting = [
        f"Accepted by options.{option} of {', '.join(recipes)}."
        for option, recipes in recipes_by_option.items()
    ]
    option = next(iter(recipes_by_option))
    return ["Select it for training:", f'  --set "options.{option}={value}"', *accepting]


def _recipes_that_accept(part: CatalogueEntry) -> dict[str, list[str]]:
    """Return the recipes that accept parts of this kind and purpose, by the name of the option."""
    from translate.engine.config.parts import part_kind, part_name
    from translate.engine.system import signatures
    from translate.registry import names

    kind = cast("Kind", part.kind)
    purpose = purpose_of(kind, part.name)
    recipes_by_option: dict[str, list[str]] = {}
    for recipe, factory in names("recipe").items():
        for option in signatures.read_options(factory, ["spec"]).values():
            if part_kind(option) == kind and purpose_of(kind, part_name(option.default)) == purpose:
                recipes_by_option.setdefault(option.name, []).append(recipe)
    return recipes_by_option
