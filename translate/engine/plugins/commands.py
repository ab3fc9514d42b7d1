"""Commands of plugins, found without importing what offers none."""

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
from translate.engine.processes.signals import reraise_interruption
from translate.engine.system import console
from translate.errors import PluginError, describe_error, short_repr

HOOK = "register_commands"


class PluginCommand(NamedTuple):
    """A command that a plugin offers."""

    distribution: str
    name: str
    """as it is typed: with the distribution where several offer one of that name"""
    command: click.Command

    def with_full_name(self) -> "PluginCommand":
        """Return the same under ``distribution/name``."""
        return self._replace(name=f"{self.distribution}/{self.name}")


@cache
def plugin_commands(reserved: tuple[str, ...]) -> dict[str, PluginCommand]:
    """Return the commands of plugins, by the name that is typed, without `reserved` ones.

    Only modules of plugins that mention the hook are imported. A plugin that fails, or that offers
    a reserved name, is named on standard error and adds nothing.
    """
    manager = pluggy.PluginManager("translate")
    manager.add_hookspecs(hookspecs)
    offers: list[PluginCommand] = []
    for entry in discovery.allowed(discovery.installed()):
        if not _mentions_hook(entry):
            continue
        owner = discovery.distribution(entry)
        where = f"{owner}:{entry.name}"
        try:
            plugin = discovery.load_entry(manager, entry)
            where += f", {HOOK}"
            offered = _checked(dict(getattr(plugin, HOOK, dict)()), reserved)
        except BaseException as error:
            reraise_interruption(error)
            discovery.skipped[where] = error
            console.say(f"Warning: {where} failed ({describe_error(error)}).", err=True)
            continue
        offers += [PluginCommand(owner, name, command) for name, command in offered.items()]
    claims = Counter(offer.name for offer in offers)
    named = [o if claims[o.name] == 1 else o.with_full_name() for o in offers]
    return {offer.name: offer for offer in named}


def _checked(offered: dict[Any, Any], reserved: tuple[str, ...]) -> dict[str, click.Command]:
    """Return what a hook offers; raises `PluginError` for anything but commands by free names."""
    for name, command in offered.items():
        if name in reserved:
            raise PluginError(f"the command {name!r} is translate's own: choose another name")
        if not isinstance(name, str) or not re.fullmatch("[a-z0-9][a-z0-9_-]*", name):
            raise PluginError(f"{short_repr(name)} is no name of a command: expected a-z, 0-9, -")
        if not isinstance(command, click.Command):
            raise PluginError(f"{name!r} is {short_repr(command)}: expected a click.Command")
    return offered


def _mentions_hook(entry: EntryPoint) -> bool:
    """Return whether the source of a plugin's module has the hook's name; True without a source."""
    if (loaded := sys.modules.get(entry.module)) is not None:
        return hasattr(loaded, HOOK)
    package, *path = entry.module.split(".")
    try:
        spec = find_spec(package)  # a package without a dot: nothing is imported
    except (ImportError, ValueError):
        return False  # broken: named where all plugins are loaded
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
