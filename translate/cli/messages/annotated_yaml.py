"""Settings as YAML, with the meaning and the choices of each setting as a comment."""

from collections.abc import Iterator, Mapping
from inspect import Parameter
from typing import TYPE_CHECKING, Any

from translate.cli.parameters.catalogue import summary
from translate.cli.parameters.choices import allowed_values, choices

if TYPE_CHECKING:
    from translate.engine.system.signatures import Option

RESERVED_ARGUMENTS = (
    *("spec", "in_channels", "out_channels", "size"),
    *("root", "domains", "split", "leave_out"),
    *("domain", "source_domain", "classes"),
)
"""arguments that the engine passes to the factories of plugins; users cannot set them"""


def annotate(document: dict[str, Any], options: "dict[str, Option]") -> str:
    """Return a complete configuration as YAML.

    Args:
        document: The configuration.
        options: The options of its recipe, by name.
    """
    from translate.engine.config.layers import SECTIONS
    from translate.engine.config.yaml_text import one_line

    lines = [f"recipe: {document['recipe']}"]
    for section in ("options", "data", "train"):
        lines += ["", f"{section}:"]
        section_class = SECTIONS.get(section)
        for key, value in document[section].items():
            if section_class:
                field = section_class.model_fields[key]
                comment = add_choices(
                    field.description or "", allowed_values(field.annotation, field.metadata)
                )
            else:
                option = options.get(key)
                comment = add_choices(option.meaning, choices(option)) if option else ""
            lines.append(append_comment(f"  {key}: {one_line(value)}", comment))
        if section == "options":
            lines += _comment_on_parts(document[section])
    return "\n".join(lines) + "\n"


def add_choices(text: str, values: str) -> str:
    """Return the description of an option, with `values` appended unless it contains them all."""
    if not values or values == "true, false" or all(v in text for v in values.split(", ")):
        return text
    return f"{text} ({values})" if text else values


def append_comment(text: str, comment: str) -> str:
    """Return a line of YAML with its comment, aligned at column 40."""
    return f"{text:<38}  # {comment}" if comment else text


def format_default(option: "Option") -> str:
    """Return the default of an option as YAML; ``...`` if it has none or YAML cannot express it."""
    from translate.engine.config.yaml_text import one_line

    value = option.default
    is_plain = isinstance(value, (str, int, float, list, tuple, Mapping)) or value is None
    return one_line(value) if is_plain and value is not Parameter.empty else "..."


def _comment_on_parts(options: dict[str, Any]) -> Iterator[str]:
    """Yield comments on the options of selected losses, and on wrappers of discriminators.

    A wrapper is a discriminator with another discriminator as its option `of`.
    """
    from translate.engine.system import signatures
    from translate.registry import names

    values = {k: v.get("name") if isinstance(v, dict) else v for k, v in options.items()}
    part_names = {key: value for key, value in values.items() if isinstance(value, str)}
    losses, discriminators = names("loss"), names("discriminator")
    for key, name in part_names.items():
        loss_options = signatures.read_options(losses[name]).values() if name in losses else ()
        if described := [option for option in loss_options if option.meaning]:
            yield from ("", f"  # Options of {key}: {{name: {name}}}")
            yield from map(_comment_on_option, described)
    if set(part_names.values()) & set(discriminators):
        yield from ("", "  # Discriminators that wrap another discriminator:")
        for name, factory in discriminators.items():
            wrapper_options = signatures.read_options(factory, ["in_channels", "size"])
            if wrapped := wrapper_options.pop("of", None):
                example = f"  # {{name: {name}, of: {format_default(wrapped)}}}"
                yield append_comment(example, summary(factory))
                yield from map(_comment_on_option, wrapper_options.values())


def _comment_on_option(option: "Option") -> str:
    description = add_choices(option.meaning, choices(option))
    return append_comment(f"  #   {option.name}: {format_default(option)}", description)
