"""Parse a command line without running the command."""

import click

from translate.cli import cli


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
