"""The card of an imported run: where its weights come from, and what was assumed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from translate.engine.config.yaml import flow
from translate.errors import printable_name
from translate.importers import ImportedModel
from translate.weights import hash_file


class Origin(NamedTuple):
    """A file of weights."""

    path: Path
    network: str
    """the network in it; empty for all of it"""
    domains: tuple[str, str]
    """what its images are translated from and to"""


def write_card(
    run: Path,
    importer: str,
    options: Mapping[str, Any],
    imported: ImportedModel,
    origins: Sequence[Origin],
    untrained: Sequence[str],
) -> str:
    """Return the card as Markdown.

    Args:
        run: The run folder.
        importer: The name of the importer.
        options: Those that it was given.
        imported: What it returned.
        origins: The files.
        untrained: Networks of the recipe that no file has.
    """
    rows = [
        [_code(o.path.name), _code(o.network) if o.network else "all", " → ".join(o.domains),
         f"{o.path.stat().st_size:,}", _code(hash_file(o.path))]
        for o in origins
    ]  # fmt: skip
    given = ", ".join(f"`{name}={flow(value)}`" for name, value in options.items())
    settings = [f"- `{name}: {flow(value)}`" for name, value in imported.options.items()]
    missing = ", ".join(_code(name) for name in untrained)
    lines = [
        f"# {printable_name(run.name)}: imported weights",
        "",
        f"Made by `translate import`, importer `{importer}`"
        f"{f' with {given}' if given else ''}, recipe `{imported.recipe}`.",
        "",
        "| file | network | translates | bytes | sha256 |",
        "|---|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        "Licence: unknown; the file does not say. Ask whoever trained the weights.",
        "",
        "## Recognized",
        "",
        *settings,
        f"- channels: {imported.channels[0]} to {imported.channels[1]}",
        "",
        "## Assumed",
        "",
        *(f"- {printable_name(note)}" for note in imported.notes),
        *([f"- not in the file, and so untrained: {missing}"] if untrained else []),
        "",
        "## Use",
        "",
        "```",
        f"translate infer {printable_name(run.name)} SOURCE OUT",
        "```",
    ]
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    """Return `text` as code in a cell of a table."""
    return f"`{printable_name(text).replace('`', chr(39)).replace('|', '/')}`"
