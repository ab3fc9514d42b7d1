"""A page for each command, from click: text, arguments, options and examples."""

import re
from collections.abc import Iterator
from inspect import cleandoc

import click

from documentation import markup

FOLDER = "reference/commands"
DEFAULT = re.compile(r"\s*\[default: ([^\[\]]*)\]\s*$")
"""The default at the end of the help of an option."""
RANGE = re.compile(r"\s*\[x[<>]=?[^\]]*\]$")
"""The range that click appends to the help of a number, such as ``[x>=1]``."""


def write() -> dict[str, str]:
    """Return the text of each page by its path."""
    commands = dict(sorted(top_level().items()))
    rows = [
        (f"[`translate {name}`]({name}.md)", command.get_short_help_str(100))
        for name, command in commands.items()
    ]
    index = (
        "# Commands\n\n`translate COMMAND --help` prints the same text. Exit codes and environment "
        "variables: [Exit codes](../exit-codes.md).\n\n" + markup.table(("command", ""), rows)
    )
    pages = {f"{FOLDER}/{name}.md": page(name, command) for name, command in commands.items()}
    return {f"{FOLDER}/index.md": index, **pages}


def top_level() -> dict[str, click.Command]:
    """Return the built-in commands by name."""
    from translate.cli import COMMANDS, cli

    context = click.Context(cli, info_name="translate")
    commands = ((name, cli.get_command(context, name)) for name in COMMANDS)
    return {name: command for name, command in commands if command is not None}


def page(name: str, command: click.Command) -> str:
    """Return the page of a command and of its subcommands."""
    return "".join(_sections(f"translate {name}", command, 1)).lstrip()


def _sections(path: str, command: click.Command, level: int) -> Iterator[str]:
    """Yield the section of a command, then those of its subcommands."""
    context = click.Context(command, info_name=path)
    yield markup.heading(level, f"`{path}`", path.replace(" ", "-"))
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"{markup.block(f'{path} {usage}'.rstrip())}\n"
    yield from _text(command.help or "")
    yield markup.table(("option", "default", ""), _rows(command, context))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if subcommand := command.get_command(context, name):
                yield from _sections(f"{path} {name}", subcommand, level + 1)


def _text(text: str) -> Iterator[str]:
    """Yield the paragraphs of a help text; those that click does not rewrap become code blocks."""
    for paragraph in re.split(r"\n\s*\n", cleandoc(text)):
        lines = paragraph.removeprefix("\b\n").splitlines()
        if not paragraph.startswith("\b"):
            yield f"{markup.escape(' '.join(' '.join(lines).split()))}\n\n"
            continue
        if not lines[0].startswith((" ", "translate")):
            yield f"**{lines.pop(0).strip().removesuffix(':')}**\n\n"
        yield f"{markup.block(chr(10).join(line.strip() for line in lines))}\n"


def _rows(command: click.Command, context: click.Context) -> Iterator[tuple[str, str, str]]:
    """Yield a row of each option."""
    for parameter in command.params:
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record is None:
            continue
        names, text = record
        text = RANGE.sub("", text)
        default = DEFAULT.search(text)
        meaning = DEFAULT.sub("", text) if default else text
        yield markup.code(names), default[1] if default else "", markup.escape(meaning)
