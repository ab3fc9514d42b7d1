"""Pages of what plugins register, such as recipes and metrics: all names with their options."""

from collections.abc import Iterable, Iterator
from functools import partial
from inspect import getdoc
from itertools import groupby

from documentation import markup
from translate.cli.messages import annotated_yaml, part
from translate.cli.parameters.catalogue import TITLES, CatalogueEntry
from translate.cli.parameters.catalogue import entries as list_entries
from translate.cli.parameters.choices import choices
from translate.engine.models.calls import ENGINE_PARAMETERS
from translate.engine.plugins.discovery import OWN_DISTRIBUTION
from translate.engine.system import signatures
from translate.engine.system.signatures import Option
from translate.recipe import Recipe
from translate.registry import find

FOLDER = "reference"
COMMAND = "  "
"""The indentation of commands in a usage."""
PAGES = {
    "recipes": ("Recipes", ("recipe",)),
    "networks": ("Networks", ("generator", "discriminator")),
    "losses": ("Losses", ("loss",)),
    "layouts": ("Layouts", ("layout",)),
    "formats": ("Image formats", ("format",)),
    "metrics": ("Metrics", ("metric",)),
    "trackers": ("Trackers", ("tracker",)),
    "exchange": ("Importers and exporters", ("importer", "exporter")),
    "configurations": ("Configurations", ("configuration",)),
    "domains": ("Sample domains", ("domain",)),
}
"""The title of each page, and the kinds of registered names on it."""
KINDS_WITHOUT_OPTIONS = ("configuration", "domain")
"""Kinds that are shown in one table."""


def write() -> dict[str, str]:
    """Return the text of each page by its path."""
    built_in = [entry for entry in list_entries() if entry.distribution == OWN_DISTRIBUTION]
    return {f"{FOLDER}/{name}.md": page(*contents, built_in) for name, contents in PAGES.items()}


def page(title: str, kinds: tuple[str, ...], entries: Iterable[CatalogueEntry]) -> str:
    """Return the page of those `entries` that are of the given kinds."""
    text, level = f"# {title}\n\n", 2
    for kind in kinds:
        if len(kinds) > 1:
            text += markup.heading(2, f"{kind.capitalize()}s")
            level = 3
        text += f"{TITLES[kind]}.\n\n"
        of_kind = [entry for entry in entries if entry.kind == kind]
        if kind in KINDS_WITHOUT_OPTIONS:
            rows = [(markup.code(entry.name), markup.escape(entry.summary)) for entry in of_kind]
            text += markup.table(("name", ""), rows)
        else:
            text += "".join(section(entry, level) for entry in of_kind)
    return text


def section(entry: CatalogueEntry, level: int) -> str:
    """Return the section of an entry: its docstring, how to select it, its options."""
    parts = [markup.heading(level, f"`{entry.name}`", f"{entry.kind}-{entry.name}")]
    parts += [f"{paragraph}\n\n" for paragraph in _paragraphs(entry)]
    for is_command, lines in groupby(_usage(entry), lambda line: line.startswith(COMMAND)):
        if is_command:
            parts.append(markup.block("\n".join(line.strip() for line in lines)) + "\n")
        else:
            parts.append(f"{markup.escape(' '.join(lines))}\n\n")
    parts += [f"{table}\n" for table in _tables(entry)]
    return "".join(parts)


def _paragraphs(entry: CatalogueEntry) -> Iterator[str]:
    """Yield the paragraphs of the factory's docstring, without its Google sections."""
    factory = find(entry.kind, entry.name)  # type: ignore[arg-type]
    if isinstance(factory, partial) and "__doc__" not in vars(factory):
        factory = factory.func
    for text in (getdoc(factory) or "").split("\n\n") if entry.summary else ():
        if not text.startswith(("Args:", "Example", "Raises:", "Returns:", "Attributes:")):
            yield markup.escape(text)


def _usage(entry: CatalogueEntry) -> list[str]:
    """Return the lines that say what to type to select an entry."""
    if entry.kind == "recipe":
        return [f"{COMMAND}translate train --plugin {entry.name} --domains A B"]
    usage: list[str] = part.record(entry)["usage"]
    return usage


def _tables(entry: CatalogueEntry) -> Iterator[str]:
    """Yield the table of the options; for a recipe, also the tables of the options of inference."""
    if entry.kind != "recipe":
        yield _table(part.options(entry))
        return
    recipe: type[Recipe] = find("recipe", entry.name)  # type: ignore[assignment]
    yield _table(signatures.read_options(recipe, ["spec"]).values())
    for method, command in ((recipe.translate, "infer"), (recipe.draw, "sample")):
        if options := signatures.read_options(method, ENGINE_PARAMETERS).values():
            yield f"Options of `translate {command} --set OPTION=VALUE`:\n\n{_table(options)}"


def _table(options: Iterable[Option]) -> str:
    rows = [
        (
            markup.code(option.name),
            "required" if option.required else markup.code(annotated_yaml.format_default(option)),
            markup.escape(annotated_yaml.add_choices(option.meaning, choices(option))),
        )
        for option in options
    ]
    return markup.table(("option", "default", ""), rows)
