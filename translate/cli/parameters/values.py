"""Option values with a notation of their own: paths, sizes, durations and ``name=value``."""

import math
import re
from collections.abc import Sequence
from typing import Any

import click

from translate.engine.system.locations import is_url
from translate.errors import ConfigError, printable_name


class LocalPath(click.Path):
    """A path on this machine; a URL is an error."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if is_url(value):
            self.fail(
                f"{value} is a URL: expected a path on this machine. URLs are accepted for SOURCE, "
                "OUT and --mask of `translate infer`, and --data of `translate train`.",
                param,
                ctx,
            )
        return super().convert(value, param, ctx)


def parse_size(text: str) -> int | list[int]:
    """Return ``256`` as 256, and ``HEIGHTxWIDTH`` as [height, width], in pixels."""
    sides = text.lower().split("x")
    if len(sides) > 2 or not all(side.isdigit() for side in sides):
        raise click.BadParameter(f"expected N or HEIGHTxWIDTH, got {text!r}.", param_hint="--size")
    return int(sides[0]) if len(sides) == 1 else [int(side) for side in sides]


def parse_duration(text: str | None) -> float:
    """Return ``90s``, ``30m``, ``2h30m`` or ``1d`` in seconds; infinity for None."""
    if text is None:
        return math.inf
    units = {"d": 86400, "h": 3600, "m": 60, "s": 1}
    if not re.fullmatch(r"(\d+(\.\d+)?[dhms])+", text):
        raise click.BadParameter(
            f"expected a time such as 90m, 2h30m or 1d, got {text!r}.", param_hint="--max-time"
        )
    terms = re.findall(r"([\d.]+)([dhms])", text)
    return sum(float(number) * units[unit] for number, unit in terms)


def parse_bytes(text: str) -> int:
    """Return ``4GB``, ``500MB`` or ``2.5GB`` in bytes; GiB is read as GB, 1000**3."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT])i?B", text.strip(), re.IGNORECASE)
    if not match or not float(match[1]):
        raise click.BadParameter(
            f"expected a size such as 4GB or 500MB, got {text!r}.", param_hint="--memory"
        )
    return int(float(match[1]) * 1000 ** (1 + "KMGT".index(match[2].upper())))


def parse_assignments(assignments: Sequence[str]) -> dict[str, Any]:
    """Return the options that ``--set name=value`` sets; an empty value is None.

    Raises `ConfigError` for an assignment of another form.
    """
    from translate.engine.config.yaml_text import parse

    options = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name.strip():
            raise ConfigError(
                f"--set {printable_name(assignment)}: expected OPTION=VALUE, as in steps=20."
            )
        options[name.strip()] = parse(text, name) if text.strip() else None
    return options
