"""Which plugins are installed, and their hooks: names from metadata, contents from imports."""

import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points, version

import pluggy

from translate import hookspecs
from translate.engine.processes.signals import reraise_interruption
from translate.engine.system import console
from translate.errors import PluginError, describe_error

GROUP = "translate"
OWN_DISTRIBUTION = "translate-kit"
ALLOWED_VARIABLE = "TRANSLATE_PLUGINS"

skipped: dict[str, BaseException] = {}
"""What could not be loaded and why, by ``distribution:entry``; filled by `load`."""


def installed() -> list[EntryPoint]:
    """Return every installed plugin's entry point, ours first; imports nothing."""
    found = {(distribution(e), e.name): e for e in entry_points(group=GROUP)}
    return sorted(
        found.values(), key=lambda e: (distribution(e) != OWN_DISTRIBUTION, distribution(e), e.name)
    )


def distribution(entry: EntryPoint) -> str:
    """Return the normalised name of the distribution that brings `entry`."""
    name = entry.dist.name if entry.dist else None  # None, too, where pip left half a folder
    return re.sub(r"[-_.]+", "-", name or "unknown").lower()


def allowed(entries: Iterable[EntryPoint]) -> Iterator[EntryPoint]:
    """Leave out what the environment variable ``TRANSLATE_PLUGINS=a,b`` does not name."""
    listed = os.environ.get(ALLOWED_VARIABLE)
    wanted = (
        None
        if listed is None
        else {re.sub(r"[-_.]+", "-", n.strip()).lower() for n in listed.split(",")}
    )
    for entry in entries:
        if wanted is None or distribution(entry) in wanted | {OWN_DISTRIBUTION}:
            yield entry


@cache
def load() -> pluggy.PluginManager:
    """Import and register every installed, allowed plugin, once.

    One that fails is unregistered whole, and named in one line on standard error.
    """
    manager = pluggy.PluginManager("translate")
    manager.add_hookspecs(hookspecs)
    for entry in allowed(installed()):
        name = f"{distribution(entry)}:{entry.name}"
        if name in skipped:
            continue  # it failed when its commands were asked for, and was named then
        try:
            load_entry(manager, entry)
        except BaseException as error:
            reraise_interruption(error)
            skipped[name] = error
            console.say(_complaint(entry, error), err=True)
    return manager


def load_entry(manager: pluggy.PluginManager, entry: EntryPoint) -> object:
    """Import and register one plugin; raises what it raises, and `PluginError` for its rules."""
    _reject_unmet_requirement(entry)
    plugin: object = entry.load()
    register(manager, plugin, f"{distribution(entry)}:{entry.name}")
    return plugin


def register(manager: pluggy.PluginManager, plugin: object, name: str) -> None:
    """Register `plugin` whole or not at all.

    Raises `PluginError` for a hook that does not exist or has other arguments.
    """
    try:
        manager.register(plugin, name=name)
        callers = manager.get_hookcallers(plugin) or []
        if unknown := [caller.name for caller in callers if not caller.has_spec()]:
            raise PluginError(f"there is no hook {unknown[0]!r}")
    except BaseException:
        if manager.has_plugin(name):
            manager.unregister(name=name)
        raise


def _reject_unmet_requirement(entry: EntryPoint) -> None:
    from packaging.requirements import InvalidRequirement, Requirement  # slow; `--help` may wait

    for text in (entry.dist.requires if entry.dist else None) or ():
        try:
            wanted = Requirement(text)
        except InvalidRequirement:
            continue  # pip's to complain about; it says nothing about us
        if re.sub(r"[-_.]+", "-", wanted.name).lower() == OWN_DISTRIBUTION and (
            wanted.marker is None or wanted.marker.evaluate()
        ):
            ours = version(OWN_DISTRIBUTION)
            if not wanted.specifier.contains(ours, prereleases=True):
                raise PluginError(
                    f"needs {OWN_DISTRIBUTION}{wanted.specifier}, and {ours} is installed"
                )


def _complaint(entry: EntryPoint, error: BaseException) -> str:
    made_by = f"{distribution(entry)} {entry.dist.version}" if entry.dist else "unknown"
    reason = describe_error(error)
    return (
        f"Warning: plugin {entry.name!r} of {made_by} is left out ({reason}). "
        f"Remove it with `pip uninstall {distribution(entry)}`, or name those you want "
        f"in {ALLOWED_VARIABLE}."
    )
