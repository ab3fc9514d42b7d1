"""Settings as YAML, with the meaning and choices of each as a comment."""

from collections.abc import Iterator, Mapping
from inspect import Parameter
from typing import TYPE_CHECKING, Any

from translate.cli.parameters.catalogue import summary
from translate.cli.parameters.choices import allowed_values, choices

if TYPE_CHECKING:
    from translate.engine.system.signatures import Option

RESERVED = (
    *("spec", "in_channels", "out_channels", "size"),
    *("root", "domains", "split", "leave_out"),
    *("domain", "source_domain", "classes"),
)
"""arguments that factories get from the program, not from options"""


def annotate(document: dict[str, Any], options: "dict[str, Option]") -> str:
    """Return a complete configuration as YAML.

    Args:
        document: The configuration.
        options: The options of its recipe, by name.
    """
    from translate.engine.config.layers import SECTIONS
    from translate.engine.config.yaml import flow

    lines = [f"recipe: {document['recipe']}"]
    for section in ("options", "data", "train"):
        lines += ["", f"{section}:"]
        model = SECTIONS.get(section)
        for key, value in document[section].items():
            if model:
                field = model.model_fields[key]
                comment = meaning(
                    field.description or "", allowed_values(field.annotation, field.metadata)
                )
            else:
                option = options.get(key)
                comment = meaning(option.meaning, choices(option)) if option else ""
            lines.append(line(f"  {key}: {flow(value)}", comment))
        if section == "options":
            lines += _parts(document[section])
    return "\n".join(lines) + "\n"


def meaning(text: str, values: str) -> str:
    """Return the text of an option, followed by `values` unless the text contains them all."""
    if not values or values == "true, false" or all(v in text for v in values.split(", ")):
        return text
    return f"{text} ({values})" if text else values


def line(text: str, comment: str) -> str:
    """Return a line of YAML with its comment."""
    return f"{text:<38}  # {comment}" if comment else text


def default(option: "Option") -> str:
    """Return the default of an option as YAML; ``...`` if it has none or YAML cannot express it."""
    from translate.engine.config.yaml import flow

    value = option.default
    simple = isinstance(value, (str, int, float, list, tuple, Mapping)) or value is None
    return flow(value) if simple and value is not Parameter.empty else "..."


def _parts(options: dict[str, Any]) -> Iterator[str]:
    """Yield comments: options of the selected losses, and discriminators that wrap another."""
    from translate.engine.system import signatures
    from translate.registry import names

    named = {k: v.get("name") if isinstance(v, dict) else v for k, v in options.items()}
    named = {key: name for key, name in named.items() if isinstance(name, str)}
    losses, networks = names("loss"), names("discriminator")
    for key, name in named.items():
        own = signatures.read_options(losses[name]).values() if name in losses else ()
        if described := [option for option in own if option.meaning]:
            yield from ("", f"  # Options of {key}: {{name: {name}}}")
            yield from map(_option, described)
    if set(named.values()) & set(networks):
        yield from ("", "  # Discriminators that wrap another discriminator:")
        for name, factory in networks.items():
            wrapper = signatures.read_options(factory, ["in_channels", "size"])
            if inner := wrapper.pop("of", None):
                yield line(f"  # {{name: {name}, of: {default(inner)}}}", summary(factory))
                yield from map(_option, wrapper.values())


def _option(option: "Option") -> str:
    return line(f"  #   {option.name}: {default(option)}", meaning(option.meaning, choices(option)))
