"""Settings as YAML on which every line has a comment: what it means, and what it may be."""

from collections.abc import Iterator, Mapping
from inspect import Parameter
from typing import TYPE_CHECKING, Any

from translate.cli.catalogue import summary
from translate.cli.choices import allowed, choices

if TYPE_CHECKING:
    from translate.engine.system.signatures import Option

RESERVED = (
    *("spec", "in_channels", "out_channels", "size"),
    *("root", "domains", "split", "leave_out", "sides"),
)
"""Arguments that the program itself gives to a factory, so that they are no options."""


def annotate(document: dict[str, Any], taken: "dict[str, Option]") -> str:
    """Return a whole configuration as YAML; `taken` are the options of its recipe."""
    from translate.engine.config.layers import SECTIONS

    lines = [f"recipe: {document['recipe']}"]
    for section in ("options", "data", "train"):
        lines += ["", f"{section}:"]
        model = SECTIONS.get(section)
        for key, value in document[section].items():
            if model:
                field = model.model_fields[key]
                comment = meaning(
                    field.description or "", allowed(field.annotation, field.metadata)
                )
            else:
                option = taken.get(key)
                comment = meaning(option.meaning, choices(option)) if option else ""
            lines.append(line(f"  {key}: {flow(value)}", comment))
        if section == "options":
            lines += _parts(document[section])
    return "\n".join(lines) + "\n"


def meaning(text: str, values: str) -> str:
    """Return an option's text, with the values that it may have where the text lists none."""
    listed = values.split(", ")
    if not values or values == "true, false" or all(value in text for value in listed):
        return text
    return f"{text} ({values})" if text else values


def line(text: str, comment: str) -> str:
    """Return a line of YAML with its comment."""
    return f"{text:<38}  # {comment}" if comment else text


def default(option: "Option") -> str:
    """Return an option's default as YAML; dots where there is none, or none that YAML has."""
    value = option.default
    simple = isinstance(value, (str, int, float, list, tuple, Mapping)) or value is None
    return flow(value) if simple and value is not Parameter.empty else "..."


def flow(value: Any) -> str:
    """Return `value` on one line of YAML."""
    from io import StringIO

    from ruamel.yaml import YAML

    from translate.engine.config.yaml import plain

    yaml, stream = YAML(typ="safe", pure=True), StringIO()
    yaml.default_flow_style, yaml.width = True, 10_000
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.dump(plain(value), stream)
    return stream.getvalue().removesuffix("\n").removesuffix("...").strip()


def _parts(chosen: dict[str, Any]) -> Iterator[str]:
    """Yield comments: what the losses that are `chosen` take, and what can wrap a discriminator."""
    from translate.engine.system import signatures
    from translate.registry import names

    named = {k: v.get("name") if isinstance(v, dict) else v for k, v in chosen.items()}
    named = {key: name for key, name in named.items() if isinstance(name, str)}
    losses, networks = names("loss"), names("discriminator")
    for key, name in named.items():
        taken = signatures.read(losses[name]).values() if name in losses else ()
        if meant := [option for option in taken if option.meaning]:
            yield from ("", f"  # {key}: {{name: {name}}} takes")
            yield from map(_option, meant)
    if set(named.values()) & set(networks):
        yield from ("", "  # Discriminators that wrap another one, and each other:")
        for name, factory in networks.items():
            found = signatures.read(factory, ["in_channels", "size"])
            if inner := found.pop("of", None):
                yield line(f"  # {{name: {name}, of: {default(inner)}}}", summary(factory))
                yield from map(_option, found.values())


def _option(option: "Option") -> str:
    return line(f"  #   {option.name}: {default(option)}", meaning(option.meaning, choices(option)))
