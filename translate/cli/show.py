"""`translate show`: list the names of all that is installed, or show one with its settings."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from translate.cli.parameters.catalogue import TITLES, entries
from translate.cli.parameters.shared import completer, config_names, plugin_names
from translate.engine.system import console

if TYPE_CHECKING:
    from translate.recipe import Recipe


@click.command()
@click.argument(
    "name",
    metavar="[NAME_OR_RUN]",
    required=False,
    shell_complete=completer(lambda: {*plugin_names(), *config_names()}),
)
@click.option(
    "--kind",
    type=click.Choice(list(TITLES)),
    help="Kind of NAME, if several kinds have that name; without NAME, the kind to list.  "
    "[default: any kind]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.  [default: text or YAML]")
@click.option("--quiet", is_flag=True, help="Print names only, without NAME_OR_RUN.")
def command(name: str | None, kind: str | None, as_json: bool, quiet: bool) -> None:
    """List all names, or show the settings of one as YAML.

    NAME_OR_RUN is a recipe, a configuration, a run, or a part: a network, loss, layout of image
    folders or anything else that plugins register. Each setting has its meaning, default and
    choices as a comment. The output for a recipe, configuration or run can be saved, edited and
    used as --config. For a run, the commands that use its model are shown as well.

    \b
    Examples:
      translate show
      translate show cyclegan > mine.yaml
      translate show resnet
      translate show runs/cyclegan-summer-winter
    """
    if name is None:
        console.show(list_names(kind, as_json=as_json, quiet=quiet))
    elif as_json:
        console.show_json(record(name, kind))
    else:
        console.show(describe(name, kind))


def list_names(kind: str | None, *, as_json: bool, quiet: bool) -> str:
    """Return a list of all names, by kind, with one line of text for each."""
    listed_entries = [entry for entry in entries() if kind in (None, entry.kind)]
    if as_json:
        return json.dumps([entry._asdict() for entry in listed_entries], indent=2) + "\n"
    if quiet:
        return "".join(
            f"{name}\n" for name in dict.fromkeys(entry.name for entry in listed_entries)
        )
    lines: list[str] = []
    for listed_kind in dict.fromkeys(entry.kind for entry in listed_entries):
        lines += ["", f"{TITLES[listed_kind]}:"]
        for entry in listed_entries:
            if entry.kind == listed_kind:
                lines.append(f"  {entry.name:<22} {entry.summary}".rstrip())
    return "\n".join([*lines[1:], "", "`translate show NAME` shows the options of one."]) + "\n"


def describe(name: str, kind: str | None = None) -> str:
    """Return the settings of `name` as YAML, with a comment for every key.

    Raises:
        TranslateError: Nothing has this name.
    """
    from translate.cli.messages import annotated_yaml, part
    from translate.cli.messages.capabilities import capabilities, inference_options
    from translate.engine.system import signatures
    from translate.registry import find

    document = _document(name, kind)
    parts = part.find(name, kind)
    if document is None:
        return "\n---\n".join(part.describe(entry) for entry in parts)
    resolved = _resolve(document)
    recipe = cast("type[Recipe]", find("recipe", str(resolved["recipe"])))
    text = annotated_yaml.annotate(resolved, signatures.read_options(recipe, ["spec"]))
    introduction = capabilities(Path(name)) or inference_options(recipe)  # of a run, else recipe
    also = [
        f"# {name} is also a {entry.kind}: translate show {name} --kind {entry.kind}\n"
        for entry in parts
    ]
    return "".join([*(f"# {line}\n" for line in introduction), text, *also])


def record(name: str, kind: str | None = None) -> dict[str, Any]:
    """Return the content of `describe` as a JSON object."""
    from translate.cli.messages import part
    from translate.cli.messages.capabilities import capabilities

    document, parts = _document(name, kind), [part.record(e) for e in part.find(name, kind)]
    if document is None:
        return {"parts": parts}
    return {"abilities": capabilities(Path(name)), "settings": _resolve(document), "parts": parts}


def _resolve(document: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration with all defaults, and domains A and B if it names none."""
    from translate.engine.config import layers, yaml_text

    data = document.get("data")
    has_no_domains = not (isinstance(data, dict) and data.get("domains"))
    flags = {"data.domains": ["A", "B"]} if has_no_domains else {}
    return yaml_text.plain_values(layers.resolve(config=document, flags=flags), include_none=True)


def _document(name: str, kind: str | None) -> dict[str, Any] | None:
    """Return the configuration that `name` stands for; None if `name` is only a part."""
    from translate.cli.messages import part
    from translate.engine.checkpoints.references.lookup import is_cached_copy, resolve
    from translate.engine.config import yaml_text
    from translate.engine.config.renamed import current_document
    from translate.engine.plugins.configs import configs
    from translate.errors import TranslateError, suggest
    from translate.registry import find, names

    if kind in (None, "configuration"):
        if (Path(name) / "config.yaml").is_file():
            return current_document(yaml_text.read(str(Path(name) / "config.yaml")))
        if name in configs() or name.endswith((".yaml", ".yml")):
            return yaml_text.read(name)
    if kind in (None, "recipe") and name in names("recipe"):
        return {"recipe": name}
    if part.find(name, kind):
        return None
    if kind is None and (Path(name).exists() or "@" in name or is_cached_copy(name)):
        from translate.engine.checkpoints import read

        checkpoint, _ = resolve(name)
        return yaml_text.plain_values(read.read_checkpoint(checkpoint).config)
    if kind in (None, "recipe") and "/" in name:  # distribution/recipe
        find("recipe", name)  # raises if there is none
        return {"recipe": name}
    known_names = {entry.name for entry in entries() if kind in (None, entry.kind)}
    expected = kind or "recipe, part, configuration or run"
    raise TranslateError(
        f"no {expected} is called {name!r}.{suggest(name, known_names)} `translate show` lists all "
        "names."
    )
