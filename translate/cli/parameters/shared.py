"""Click options that several commands share, and shell completion of names."""

from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem


class Several(click.Option):
    """An option that takes one or more values: ``--domains summer winter``, or repeated."""


class SeveralCommand(click.Command):
    """A command that may have `Several` options; their values end at the next option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        names = {name for p in self.params if isinstance(p, Several) for name in p.opts}
        try:
            args = _spread(args, names)
        except click.UsageError:
            if not ctx.resilient_parsing:  # otherwise a shell asks for completions
                raise
        original = list(args)  # click removes them from the list
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            near = error.option_name.replace("_", "-")
            if near != error.option_name and any(near in p.opts for p in self.params):
                text = f"No such option: {error.option_name}. Did you mean {near}?"
                raise click.UsageError(text, ctx) from error
            if not (near := self.hint(error.option_name, original)):
                raise
            text = f"No such option: {error.option_name}.{near}"
            raise click.UsageError(text, ctx) from error

    def hint(self, option: str, args: list[str]) -> str:  # noqa: ARG002
        """Return what to type instead of an `option` that does not exist; empty by default."""
        return ""

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete more values of the given `Several` options, and options."""
        more = [
            item
            for param in self.params
            if isinstance(param, Several) and ctx.params.get(str(param.name))
            for item in param.shell_complete(ctx, incomplete)
            if item.value not in ctx.params[str(param.name)]
        ]
        return [*more, *super().shell_complete(ctx, incomplete)]


def _spread(args: list[str], names: set[str]) -> list[str]:
    """Repeat the option before each of its values, as click takes one value per option."""
    spread: list[str] = []
    option = ""
    for position, arg in enumerate(args):
        if arg == "--":
            return [*spread, *args[position:]]
        if arg.startswith("-"):
            name, equals, _ = arg.partition("=")
            option = name if name in names else ""
            if not (option and not equals):
                spread.append(arg)
            elif position + 1 == len(args):
                spread.append(arg)  # without a value: click reports it
            elif args[position + 1].startswith("-"):  # which click would take as the value
                raise click.BadOptionUsage(arg, f"Option {arg!r} requires an argument.")
        elif option:
            spread += [option, arg]
        else:
            spread.append(arg)
    return spread


Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def completer(names: Callable[[], Any]) -> Completer:
    """Return a completer of `names`, a function that imports nothing heavy."""

    def complete(ctx: click.Context, param: click.Parameter, start: str) -> list[CompletionItem]:  # noqa: ARG001
        return [CompletionItem(name) for name in sorted(names()) if name.startswith(start)]

    return complete


def plugin_names() -> set[str]:
    """Return the names of installed plugins, from their metadata alone."""
    from translate.engine.plugins.discovery import installed_entries

    return {entry.name for entry in installed_entries()}


def config_names() -> list[str]:
    """Return the names of configurations, without importing the configuration's models."""
    from translate.engine.plugins.configs import configs

    return list(configs())


def domain_names() -> set[str]:
    """Return the folders under ``datasets`` that may be domains."""
    from pathlib import Path

    from translate.folders.names import is_hidden

    folder = Path("datasets")
    folders = folder.iterdir() if folder.is_dir() else iter(())
    return {p.name for p in folders if p.is_dir() and not is_hidden(p.name)}
