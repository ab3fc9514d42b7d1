"""The rules of commands: their help and their imports."""

import subprocess
import sys
from dataclasses import dataclass
from typing import ClassVar

import click

from translate.contract.rules import RuleError
from translate.engine.plugins.errors import definition
from translate.registry import find

IMPORTS_TORCH = 3
"""an exit code"""
CODE = f"""
import importlib, sys
module, *sys.path = sys.argv[1:]
importlib.import_module(module)
sys.exit({IMPORTS_TORCH} if "torch" in sys.modules else 0)
"""
"""program that exits with `IMPORTS_TORCH` if the given module imports torch"""
SECONDS = 60
"""time limit of that program"""


@dataclass(frozen=True)
class CommandSubject:
    """A command under test."""

    name: str

    example_batch: ClassVar[None] = None
    """None: a command gets no batch"""

    @property
    def command(self) -> click.Command:
        """The registered command."""
        command = find("command", self.name)
        assert isinstance(command, click.Command)
        return command

    @property
    def owner(self) -> object:
        """The function that the command calls."""
        return self.command.callback

    def require(self, condition: object, message: str) -> None:
        """Raise `RuleError` with the line of the command unless `condition` is true."""
        if not condition:
            raise RuleError(message, definition(self.command, "callback"))


def explains_itself(subject: CommandSubject) -> None:
    """Have a docstring, and `help` for each option."""
    command = subject.command
    subject.require(command.help or command.short_help, "Its function has no docstring.")
    unexplained = [
        parameter.opts[0]
        for parameter in command.params
        if isinstance(parameter, click.Option) and not (parameter.help or parameter.hidden)
    ]
    subject.require(
        not unexplained, f"{' and '.join(unexplained)} has no help: click.option(help=...)."
    )
    with click.Context(command, info_name=subject.name) as context:
        command.get_help(context)


def imports_no_torch(subject: CommandSubject) -> str | None:
    """Do not import torch with its module, which `translate --help` imports."""
    module = getattr(subject.owner, "__module__", "")
    process = subprocess.run(
        [sys.executable, "-c", CODE, module, *sys.path],
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    subject.require(
        process.returncode != IMPORTS_TORCH,
        f"{module} imports torch: import slow modules inside the command, and register recipes "
        "in another module with its own entry point.",
    )
    return "not tested: its module cannot be imported by name" if process.returncode else None


RULES = (explains_itself, imports_no_torch)
