"""`translate show`: a full configuration as YAML, each option with its meaning."""

from collections.abc import Iterator
from inspect import getdoc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from translate.cli.options import completing, config_names, plugin_names
from translate.errors import TranslateError

if TYPE_CHECKING:
    from translate.engine.options import Option


@click.command()
@click.argument(
    "name",
    metavar="NAME_OR_RUN",
    shell_complete=completing(lambda: {*plugin_names(), *config_names()}),
)
def command(name: str) -> None:
    """Show a recipe's, configuration's or run's settings as YAML.

    Each option has its meaning beside it; the output can be saved, edited and used as --config.

    \b
    Examples:
      translate show cyclegan > mine.yaml
      translate show cyclegan-small
    """
    click.echo(describe(name), nl=False)


def describe(name: str) -> str:
    """Return the full configuration called `name`, as YAML with a comment for every key."""
    from translate.engine import config, options
    from translate.engine.bundled import configs
    from translate.registry import find, names

    if (Path(name) / "config.yaml").is_file():
        document = config.read(str(Path(name) / "config.yaml"))
    elif name in configs() or name.endswith((".yaml", ".yml")):
        document = config.read(name)
    elif name not in (known := names("recipe")) and Path(name).exists():
        from translate.engine import checkpoint

        place, _ = checkpoint.locate(Path(name))
        document = config.document(checkpoint.describe(place).config)
    else:
        if name not in known and "/" not in name:
            from translate.errors import suggest

            raise TranslateError(
                f"no recipe, configuration or run is called {name!r}."
                f"{suggest(name, [*known, *configs()])}"
            )
        document = {"recipe": name}
    data = document.get("data")
    placeholder = not (isinstance(data, dict) and data.get("domains"))
    resolved = config.resolve(
        config=document,
        flags={"data.domains": ["A", "B"]} if placeholder else {},
    )
    recipe = find("recipe", resolved.recipe)
    meanings = {o.name: o.meaning for o in options.read(recipe, ["spec"]).values()}
    return _annotate(config.document(resolved, unset=True), meanings)


def _annotate(document: dict[str, Any], meanings: dict[str, str]) -> str:
    from translate.engine.config import SECTIONS

    lines = [f"recipe: {document['recipe']}"]
    for section in ("options", "data", "train"):
        lines += ["", f"{section}:"]
        model = SECTIONS.get(section)
        for key, value in document[section].items():
            meaning = (
                (model.model_fields[key].description or "") if model else meanings.get(key, "")
            )
            lines.append(_line(f"  {key}: {_flow(value)}", meaning))
        if section == "options":
            lines += _parts(document[section])
    return "\n".join(lines) + "\n"


def _parts(chosen: dict[str, Any]) -> Iterator[str]:
    """Yield comments: what the losses that are `chosen` take, and what can wrap a discriminator."""
    from translate.engine import options
    from translate.registry import names

    named = {k: v.get("name") if isinstance(v, dict) else v for k, v in chosen.items()}
    named = {key: name for key, name in named.items() if isinstance(name, str)}
    losses, networks = names("loss"), names("discriminator")
    for key, name in named.items():
        taken = options.read(losses[name]).values() if name in losses else ()
        if meant := [option for option in taken if option.meaning]:
            yield from ("", f"  # {key}: {{name: {name}}} takes")
            yield from map(_option, meant)
    if set(named.values()) & set(networks):
        yield from ("", "  # Remedies, which wrap a discriminator, and each other:")
        for name, factory in networks.items():
            found = options.read(factory, ["in_channels", "size"])
            if inner := found.pop("of", None):
                first = (getdoc(factory) or "").partition("\n")[0]
                yield _line(f"  # {{name: {name}, of: {_plain(inner.default)}}}", first)
                yield from map(_option, found.values())


def _option(option: "Option") -> str:
    return _line(f"  #   {option.name}: {_plain(option.default)}", option.meaning)


def _plain(default: Any) -> str:
    """Return a default as YAML, or dots where there is none, or none that YAML has."""
    simple = isinstance(default, (str, int, float, list, tuple, dict)) or default is None
    return _flow(default) if simple else "..."


def _line(text: str, meaning: str) -> str:
    return f"{text:<38}  # {meaning}" if meaning else text


def _flow(value: Any) -> str:
    """Return `value` on one line of YAML."""
    from io import StringIO

    from ruamel.yaml import YAML

    yaml, stream = YAML(typ="safe", pure=True), StringIO()
    yaml.default_flow_style, yaml.width = True, 10_000
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.dump(value, stream)
    return stream.getvalue().removesuffix("\n").removesuffix("...").strip()
