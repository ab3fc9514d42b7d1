"""All commands, and command lines that are parsed without running them."""

from collections.abc import Iterator

import click

from translate.cli import cli


def all_commands(
    path: str = "", command: click.Command = cli
) -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its full name, such as ``plugins check``; `cli` has no name."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            if subcommand := command.get_command(context, name):
                yield from all_commands(f"{path} {name}".strip(), subcommand)


def parse_command(words: list[str]) -> str:
    """Return the name of the command in `words`; raise click's error if they are invalid."""
    command: click.Command = cli
    context = click.Context(cli, resilient_parsing=False)
    words = list(words)
    while isinstance(command, click.Group) and words and words[0] in command.list_commands(context):
        command = command.get_command(context, words.pop(0)) or command
    if command is cli:
        raise click.UsageError(f"no command: translate {' '.join(words)}")
    command.make_context(command.name, words)
    return str(command.name)
