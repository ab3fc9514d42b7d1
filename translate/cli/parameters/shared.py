"""Click options that several commands share, and shell completion of names."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from translate.cli.parameters.values import parse_assignments

Command = TypeVar("Command", bound=Callable[..., Any])

device_option = click.option(
    "--device",
    metavar="DEVICE",
    default="auto",
    help="Device to use: auto, cpu, cuda or cuda:N; auto takes a GPU if there is one.  [default: "
    "auto]",
)
to_option = click.option(
    "--to", metavar="DOMAIN", help="Domain to translate to.  [default: the last domain of the run]"
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON.  [default: lines of text]"
)
quiet_option = click.option("--quiet", is_flag=True, help="Print nothing but errors.")


def set_option(
    option: str, of: str = "RUN", default: str = "the recipe's defaults"
) -> Callable[[Command], Command]:
    """Return ``--set OPTION=VALUE``, which a command gets as the mapping `options`.

    Args:
        option: What the option sets, with an example.
        of: What `translate show` lists the options of.
        default: The text on the default.
    """
    return click.option(
        "--set",
        "options",
        multiple=True,
        metavar="OPTION=VALUE",
        callback=lambda _ctx, _param, assignments: parse_assignments(assignments),
        help=f"{option}; `translate show {of}` lists them.  [default: {default}]",
    )


def combine_options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return a decorator that adds several options to a command, in this order."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


class MultiValueOption(click.Option):
    """An option of one or more values, ``--domains summer winter``; declare it `multiple=True`.

    The option can also be repeated: ``--domains summer --domains winter``.
    """


class MultiValueCommand(click.Command):
    """A command with `MultiValueOption` options, which take all values up to the next option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        names = {name for p in self.params if isinstance(p, MultiValueOption) for name in p.opts}
        try:
            args = _repeat_options(args, names)
        except click.UsageError:
            if not ctx.resilient_parsing:  # set while a shell asks for completions
                raise
        original = list(args)  # click empties `args`
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            hyphenated = error.option_name.replace("_", "-")
            if hyphenated != error.option_name and any(hyphenated in p.opts for p in self.params):
                text = f"No such option: {error.option_name}. Did you mean {hyphenated}?"
                raise click.UsageError(text, ctx) from error
            if not (hint := self.hint(error.option_name, original)):
                raise
            text = f"No such option: {error.option_name}. {hint}"
            raise click.UsageError(text, ctx) from error

    def hint(self, option: str, args: list[str]) -> str:  # noqa: ARG002
        """Return a sentence about what to type instead of an unknown `option`; empty by default."""
        return ""

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer more values for the options that the command line contains, then option names."""
        further_values = [
            item
            for param in self.params
            if isinstance(param, MultiValueOption) and ctx.params.get(str(param.name))
            for item in param.shell_complete(ctx, incomplete)
            if item.value not in ctx.params[str(param.name)]
        ]
        return [*further_values, *super().shell_complete(ctx, incomplete)]


def _repeat_options(args: list[str], names: set[str]) -> list[str]:
    """Repeat the option before each of its values, since click takes one value per option."""
    new_args: list[str] = []
    option = ""
    for position, arg in enumerate(args):
        if arg == "--":
            return [*new_args, *args[position:]]
        if arg.startswith("-"):
            name, equals, _ = arg.partition("=")
            option = name if name in names else ""
            if not option or equals:
                new_args.append(arg)
            elif position + 1 == len(args):
                new_args.append(arg)  # without a value: click reports it
            elif args[position + 1].startswith("-"):  # click would take this option as the value
                raise click.BadOptionUsage(arg, f"Option {arg!r} requires an argument.")
        elif option:
            new_args += [option, arg]
        else:
            new_args.append(arg)
    return new_args


Items = list[CompletionItem]
Completer = Callable[[click.Context, click.Parameter, str], Items]


def completer(list_names: Callable[[], Any]) -> Completer:
    """Return a shell completion function that offers the names that `list_names` returns.

    `list_names` runs at each press of the tab key, and must import nothing slow.
    """

    def complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
        names = sorted(list_names())
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]

    return complete


def plugin_names() -> set[str]:
    """Return the names of installed plugins, without importing them."""
    from translate.engine.plugins.discovery import installed_entries

    return {entry.name for entry in installed_entries()}


def config_names() -> list[str]:
    """Return the names of bundled configurations."""
    from translate.engine.plugins.configs import configs

    return list(configs())


def domain_names() -> set[str]:
    """Return the names of the folders in ``datasets``, which may be domains."""
    from pathlib import Path

    from translate.folders.names import is_hidden

    folder = Path("datasets")
    folders = folder.iterdir() if folder.is_dir() else iter(())
    return {p.name for p in folders if p.is_dir() and not is_hidden(p.name)}
