"""A page for each kind that plugins register: all names with their options."""

from collections.abc import Iterable, Iterator
from functools import partial
from inspect import getdoc
from itertools import groupby

from documentation import markup
from translate.cli.messages import annotated_yaml, part
from translate.cli.parameters.catalogue import TITLES, Entry, entries
from translate.cli.parameters.choices import choices
from translate.engine.models.calls import RESERVED as CALLED
from translate.engine.plugins.discovery import OWN_DISTRIBUTION
from translate.engine.system import signatures
from translate.engine.system.signatures import Option
from translate.recipe import Recipe
from translate.registry import find

FOLDER = "reference"
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
"""The title of each page, and the kinds on it."""
TABLES = ("configuration", "domain")
"""Kinds without options, in one table."""


def write() -> dict[str, str]:
    """Return the text of each page by its path."""
    own = [entry for entry in entries() if entry.distribution == OWN_DISTRIBUTION]
    return {f"{FOLDER}/{name}.md": page(*contents, own) for name, contents in PAGES.items()}


def page(title: str, kinds: tuple[str, ...], own: Iterable[Entry]) -> str:
    """Return the page of some kinds of names."""
    text, level = f"# {title}\n\n", 2
    for kind in kinds:
        if len(kinds) > 1:
            text += markup.heading(2, f"{kind.capitalize()}s")
            level = 3
        text += f"{TITLES[kind]}.\n\n"
        these = [entry for entry in own if entry.kind == kind]
        if kind in TABLES:
            rows = [(markup.code(entry.name), markup.escape(entry.summary)) for entry in these]
            text += markup.table(("name", ""), rows)
        else:
            text += "".join(section(entry, level) for entry in these)
    return text


def section(entry: Entry, level: int) -> str:
    """Return the section of a name: what it is, how to select it, its options."""
    parts = [markup.heading(level, f"`{entry.name}`", f"{entry.kind}-{entry.name}")]
    parts += [f"{paragraph}\n\n" for paragraph in _paragraphs(entry)]
    for is_command, lines in groupby(_usage(entry), lambda line: line.startswith("  ")):
        if is_command:
            parts.append(markup.block("\n".join(line.strip() for line in lines)) + "\n")
        else:
            parts.append(f"{markup.escape(' '.join(lines))}\n\n")
    parts += [f"{table}\n" for table in _tables(entry)]
    return "".join(parts)


def _paragraphs(entry: Entry) -> Iterator[str]:
    """Yield the docstring of a factory, without its Google sections."""
    factory = find(entry.kind, entry.name)  # type: ignore[arg-type]
    if isinstance(factory, partial) and "__doc__" not in vars(factory):
        factory = factory.func
    for text in (getdoc(factory) or "").split("\n\n") if entry.summary else ():
        if not text.startswith(("Args:", "Example", "Raises:", "Returns:", "Attributes:")):
            yield markup.escape(text)


def _usage(entry: Entry) -> list[str]:
    """Return what to type to select a name; commands begin with two spaces."""
    if entry.kind == "recipe":
        return [f"  translate train --plugin {entry.name} --domains A B"]
    usage: list[str] = part.record(entry)["usage"]
    return usage


def _tables(entry: Entry) -> Iterator[str]:
    """Yield the table of the options, and that of the options of inference."""
    if entry.kind != "recipe":
        yield _table(part.options(entry))
        return
    recipe: type[Recipe] = find("recipe", entry.name)  # type: ignore[assignment]
    yield _table(signatures.read_options(recipe, ["spec"]).values())
    for method, command in ((recipe.translate, "infer"), (recipe.draw, "sample")):
        if own := signatures.read_options(method, CALLED).values():
            yield f"Options of `translate {command} --set OPTION=VALUE`:\n\n{_table(own)}"


def _table(options: Iterable[Option]) -> str:
    rows = [
        (
            markup.code(one.name),
            "required" if one.required else markup.code(annotated_yaml.format_default(one)),
            markup.escape(annotated_yaml.add_choices(one.meaning, choices(one))),
        )
        for one in options
    ]
    return markup.table(("option", "default", ""), rows)
