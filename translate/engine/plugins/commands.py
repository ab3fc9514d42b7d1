"""The commands that plugins register; plugins without commands are not imported."""

import re
import sys
from collections import Counter
from functools import cache
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import click
import pluggy

from translate import hookspecs
from translate.engine.plugins import discovery
from translate.errors import PluginError, short_repr

HOOK = "register_commands"


class PluginCommand(NamedTuple):
    """A command that a plugin registers."""

    distribution: str
    name: str
    command: click.Command


@cache
def plugin_commands(reserved_names: tuple[str, ...]) -> dict[str, PluginCommand]:
    """Return the commands of plugins by the name to type.

    Only plugins with the hook in their modules are imported. A plugin that fails, or registers one
    of the `reserved_names`, is named in a warning and adds nothing.
    """
    manager = pluggy.PluginManager("translate")
    manager.add_hookspecs(hookspecs)
    commands: list[PluginCommand] = []
    for entry in discovery.allowed_entries(discovery.installed_entries()):
        if not _mentions_hook(entry):
            continue
        owner = discovery.distribution(entry)
        where = f"{owner}:{entry.name}"
        try:
            plugin = discovery.load_entry(manager, entry)
            where += f", {HOOK}"
            by_name = _check_commands(dict(getattr(plugin, HOOK, dict)()), reserved_names)
        except BaseException as error:
            discovery.skip(where, error)
            continue
        commands += [PluginCommand(owner, *item) for item in by_name.items()]
    counts = Counter(command.name for command in commands)
    return {
        command.name if counts[command.name] == 1 else f"{command.distribution}/{command.name}":
        command
        for command in commands
    }  # fmt: skip


def _check_commands(
    by_name: dict[Any, Any], reserved_names: tuple[str, ...]
) -> dict[str, click.Command]:
    """Return the commands that a hook has registered.

    Raises `PluginError` for a reserved or invalid name, and for anything but a command.
    """
    for name, command in by_name.items():
        if name in reserved_names:
            raise PluginError(f"the command {name!r} is translate's own: choose another name")
        if not isinstance(name, str) or not re.fullmatch("[a-z0-9][a-z0-9_-]*", name):
            raise PluginError(f"{short_repr(name)} is not a command name: expected a-z, 0-9, -")
        if not isinstance(command, click.Command):
            raise PluginError(f"{name!r} is {short_repr(command)}: expected a click.Command")
    return by_name


def _mentions_hook(entry: EntryPoint) -> bool:
    """Return whether a plugin's module has the hook's name in its source, or has no source."""
    if (loaded := sys.modules.get(entry.module)) is not None:
        return hasattr(loaded, HOOK)
    package, *path = entry.module.split(".")
    try:
        spec = find_spec(package)  # imports nothing, as the name has no dot
    except (ImportError, ValueError):
        return False  # `discovery.load` reports this broken plugin
    if spec is None:
        return False
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    origin = [Path(spec.origin)] if spec.origin and not path else []
    for file in [
        *origin,
        *(folder.joinpath(*path).with_suffix(".py") for folder in folders if path),
        *(folder.joinpath(*path, "__init__.py") for folder in folders if path),
    ]:
        if file.is_file():
            return file.suffix != ".py" or HOOK.encode() in file.read_bytes()
    return False
