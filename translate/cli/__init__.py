"""The command: one module a subcommand, imported when it is used."""

import sys
from importlib import import_module
from typing import Any

import click

from translate import __version__
from translate.errors import TranslateError

COMMANDS = ("train", "infer", "sample", "show", "plugins", "datasets", "doctor")


class Lazy(click.Group):
    """A group whose commands are imported by name, so that help needs no heavy import."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"translate.cli.{name}").command
        return command


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="translate")
def cli() -> None:
    """Translate images between domains: train a method on folders, apply it to folders.

    \b
    translate train --plugin cyclegan --domains summer winter
    translate infer runs/cyclegan-summer-winter photos/ out/
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command; a user's mistake is one line and an exit code, ours keeps its traceback."""
    try:
        outcome: Any = cli.main(arguments, standalone_mode=False)
    except TranslateError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    sys.exit(outcome if isinstance(outcome, int) else 0)
