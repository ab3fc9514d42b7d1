"""Options of a recipe for inference: ``--set name=value``."""

from collections.abc import Sequence
from typing import Any

from translate.engine.config.yaml_text import parse
from translate.errors import ConfigError, printable_name


def parse_assignments(assignments: Sequence[str]) -> dict[str, Any]:
    """Return the options that ``--set name=value`` sets; an empty value is None.

    Raises `ConfigError` for an assignment of another form.
    """
    options = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name.strip():
            raise ConfigError(
                f"--set {printable_name(assignment)}: expected OPTION=VALUE, as in steps=20."
            )
        options[name.strip()] = parse(text, name) if text.strip() else None
    return options
