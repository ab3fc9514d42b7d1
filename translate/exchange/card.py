"""The README of a run with imported weights: their origin, and what the importer assumed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from translate.engine.config.yaml_text import one_line
from translate.errors import printable_name
from translate.importers import ImportedModel
from translate.weights import hash_file


class Origin(NamedTuple):
    """The origin of the weights of one direction."""

    path: Path
    network: str
    """the name of the network in the file; empty if the file has one network"""
    domains: tuple[str, str]
    """the source and the target domain"""


def format_card(
    run: Path,
    importer: str,
    options: Mapping[str, Any],
    imported_model: ImportedModel,
    origins: Sequence[Origin],
    untrained_networks: Sequence[str],
) -> str:
    """Return the README as Markdown.

    Args:
        run: The run folder.
        importer: The name of the importer.
        options: Options of the importer.
        imported_model: The result of the importer.
        origins: The files of each direction.
        untrained_networks: Networks of the recipe that no file has.
    """
    rows = [
        [_code(path.name), _code(network) if network else "all", " → ".join(domains),
         f"{path.stat().st_size:,}", _code(hash_file(path))]
        for path, network, domains in origins
    ]  # fmt: skip
    importer_options = ", ".join(f"`{name}={one_line(value)}`" for name, value in options.items())
    recipe_options = [
        f"- `{name}: {one_line(value)}`" for name, value in imported_model.options.items()
    ]
    untrained_names = ", ".join(_code(name) for name in untrained_networks)
    lines = [
        f"# {printable_name(run.name)}: imported weights",
        "",
        f"Made by `translate import`, importer `{importer}`"
        f"{f' with {importer_options}' if options else ''}, recipe `{imported_model.recipe}`.",
        "",
        "| file | network | translates | bytes | sha256 |",
        "|---|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        "Licence: unknown; the file does not say. Ask whoever trained the weights.",
        "",
        "## Recognized",
        "",
        *recipe_options,
        f"- channels: {imported_model.channels[0]} to {imported_model.channels[1]}",
        "",
        "## Assumed",
        "",
        *(f"- {printable_name(note)}" for note in imported_model.notes),
        *(
            [f"- untrained, because not in the file: {untrained_names}"]
            if untrained_networks
            else []
        ),
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
