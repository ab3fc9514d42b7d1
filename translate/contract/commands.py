"""The rules of plugins that add commands to `translate`: help texts, and no slow imports."""

import subprocess
import sys
from dataclasses import dataclass

import click

from translate.contract.rules import RuleError
from translate.engine.plugins.errors import definition
from translate.registry import find

IMPORTS_TORCH = 3
"""exit code of `IMPORT_PROGRAM`"""
IMPORT_PROGRAM = f"""
import importlib, sys
module, *sys.path = sys.argv[1:]
importlib.import_module(module)
sys.exit({IMPORTS_TORCH} if "torch" in sys.modules else 0)
"""
"""program that exits with `IMPORTS_TORCH` if the module named by its first argument imports torch;
the other arguments are `sys.path`"""
IMPORT_TIMEOUT = 60
"""seconds until `IMPORT_PROGRAM` is killed"""


@dataclass(frozen=True)
class CommandSubject:
    """A command under test."""

    name: str

    @property
    def command(self) -> click.Command:
        """The registered command."""
        command = find("command", self.name)
        assert isinstance(command, click.Command)
        return command

    @property
    def owner(self) -> object:
        """The plugin's function, which the command calls."""
        return self.command.callback

    def require(self, condition: object, message: str) -> None:
        """Raise `RuleError` with the line of the command unless `condition` is true."""
        if not condition:
            raise RuleError(message, definition(self.command, "callback"))


def explains_itself(subject: CommandSubject) -> None:
    """Have a docstring, and `help` for each option."""
    command = subject.command
    subject.require(command.help or command.short_help, "Its function has no docstring.")
    options = [option for option in command.params if isinstance(option, click.Option)]
    unexplained = [option.opts[0] for option in options if not (option.help or option.hidden)]
    message = f"{' and '.join(unexplained)} has no help: click.option(help=...)."
    subject.require(not unexplained, message)
    with click.Context(command, info_name=subject.name) as context:
        command.get_help(context)  # runs the plugin's code for defaults and help


def imports_no_torch(subject: CommandSubject) -> str | None:
    """Do not import torch in the command's module, which `translate --help` imports."""
    module = getattr(subject.owner, "__module__", "")
    process = subprocess.run(
        [sys.executable, "-c", IMPORT_PROGRAM, module, *sys.path],
        capture_output=True,
        timeout=IMPORT_TIMEOUT,
        check=False,
    )
    subject.require(
        process.returncode != IMPORTS_TORCH,
        f"{module} imports torch: import slow modules inside the command, and register recipes "
        "in another module with its own entry point.",
    )
    return "not tested: its module cannot be imported by name" if process.returncode else None


RULES = (explains_itself, imports_no_torch)
