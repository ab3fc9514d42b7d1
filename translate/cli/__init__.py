"""The command line: one module per subcommand, imported when it is used."""

import os
import sys
from importlib import import_module
from io import StringIO
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import click

from translate import __version__
from translate.cli import guard
from translate.engine.disk import file_system
from translate.engine.system import console
from translate.errors import ConfigError, TranslateError, suggest

if TYPE_CHECKING:
    from translate.engine.plugins.commands import PluginCommand


COMMANDS = (
    *("train", "infer", "sample", "evaluate", "report", "serve", "import", "export"),
    *("pack", "push", "verify", "show", "plugins", "datasets", "weights", "doctor"),
)


class LazyGroup(click.Group):
    """The group of all subcommands; the module of a subcommand is imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [*COMMANDS, *_plugin_commands()]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in COMMANDS:
            plugin_command = _plugin_commands().get(name)
            return plugin_command.command if plugin_command else None
        module = f"{name}_" if iskeyword(name) else name
        command: click.Command = import_module(f"translate.cli.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that `args` name; the error for an unknown name suggests another."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            suggestion = suggest(args[0], self.list_commands(ctx)) if args else ""
            raise click.UsageError(f"{error.message}{suggestion}", error.ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section of built-in commands, and one for each distribution with commands."""
        sections: dict[str, list[str]] = {"Commands": list(COMMANDS)}
        for name, plugin_command in _plugin_commands().items():
            sections.setdefault(f"Commands of {plugin_command.distribution}", []).append(name)
        margins = 6  # spaces before and between the two columns, as in click
        width = formatter.width - margins - max(map(len, self.list_commands(ctx)))
        for title, names in sections.items():
            commands = ((name, self.get_command(ctx, name)) for name in names)
            rows = [(name, each.get_short_help_str(width)) for name, each in commands if each]
            with formatter.section(title):
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; raise `ExitCallError` if its code calls `sys.exit`, even with code 0."""
        try:
            return super().invoke(ctx)
        except SystemExit as error:
            raise guard.ExitCallError(f"something called sys.exit({error.code!r})") from error


def _plugin_commands() -> "dict[str, PluginCommand]":
    from translate.engine.plugins.commands import plugin_commands

    return plugin_commands(COMMANDS)


EXIT_CODES = """\b
Exit codes:
  0    all done
  1    a bug of translate: please report it
  2    wrong usage or configuration: nothing was started
  3    finished, but problems.jsonl lists items that were skipped
  4    no usable input
  5    training was stopped by train.guard, such as at NaN; earlier checkpoints are kept
  6    something could not be saved
  129, 130, 143   stopped by SIGHUP, SIGINT or SIGTERM, after a checkpoint"""
ENVIRONMENT = """\b
Environment variables:
  TRANSLATE_PLUGINS  distributions to load plugins from, such as a,b; empty:
                     built-in plugins only [all that are installed]
  TRANSLATE_CACHE    folder of exported models and unpacked packs
                     [~/.cache/translate]
  TRANSLATE_TRACE    1: print each call of a plugin's hooks [0]
  TRANSLATE_DEBUG    1: print the traceback of an error [0]
  OMP_NUM_THREADS    number of CPU threads [number of free cores]
  NO_COLOR           any value: print without colours"""


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"{EXIT_CODES}\n\n{ENVIRONMENT}",
)
@click.version_option(__version__, prog_name="translate")
def cli() -> None:
    """Train image-to-image translation models on folders of images, and apply them.

    \b
    translate train --plugin cyclegan --domains summer winter
    translate infer runs/cyclegan-summer-winter photos/ out/

    `translate show` lists recipes, configurations, layouts, networks and losses.
    """
    guard.check_address_space()
    try:
        os.getcwd()  # noqa: PTH109 - libraries call it while they are loaded, and end the process
    except OSError as error:
        raise ConfigError(
            f"the working directory cannot be used: {error.strerror}. Go to another: cd ~"
        ) from error


def main(arguments: list[str] | None = None, command: click.Command = cli) -> None:
    """Run `command`, and exit. An exception is printed as one line, and selects the exit code.

    Its traceback is printed too if the environment variable TRANSLATE_DEBUG is set.
    """
    with (
        console.safe_streams(),
        console.warnings_on_stderr(),
        guard.recorded_interrupts() as interrupts,
    ):
        code = _run(command, arguments, interrupts)
        if arguments is None:  # called as a program, not from Python
            guard.end_process(code)
    sys.exit(code)


def _run(command: click.Command, arguments: list[str] | None, interrupts: list[int]) -> int:
    try:
        outcome = command.main(arguments, standalone_mode=False)
    except TranslateError as error:
        if interrupts:
            return guard.INTERRUPTED
        guard.print_cause_if_debugging(error)
        for line in (f"Error: {error.args[0] if error.args else error}", *error.args[1:]):
            console.say(line, err=True)  # escapes line breaks, which file names may contain
        return error.exit_code
    except click.ClickException as error:
        text = StringIO()
        error.show(text)
        console.show(text.getvalue(), err=True)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return guard.INTERRUPTED
    except SystemExit:
        raise  # from click, after shell completion
    except BaseException as error:  # Rust libraries derive theirs from it
        if interrupts:
            return guard.INTERRUPTED
        if guard.is_debugging() and not file_system.explain_path_error(error):
            raise
        return guard.report_unexpected_error(error)
    return outcome if isinstance(outcome, int) else 0
