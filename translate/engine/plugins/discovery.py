"""The installed plugins: their entry points, read from metadata, and their registered hooks."""

import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from importlib.metadata import (
    Distribution,
    EntryPoint,
    PackageNotFoundError,
    entry_points,
    version,
)
from inspect import signature
from pathlib import Path

import pluggy

from translate import hookspecs
from translate.engine.processes.signals import reraise_interruption
from translate.errors import PluginError, describe_error, suggest

GROUP = "translate"
"""the group of entry points; later versions of the hooks have groups ``translate.2`` and so on"""
HOOKS_VERSION = 1
"""version of the hooks: increased if a hook loses an argument or changes its meaning"""
TORCH_FREE = "translate.torch_free"
"""group in which a distribution may repeat the entry points of formats and exporters that do not
import PyTorch"""
TORCH_FREE_HOOKS = ("register_formats", "register_exporters")
OWN_DISTRIBUTION = "translate-kit"
ALLOWED_VARIABLE = "TRANSLATE_PLUGINS"

skipped: dict[str, BaseException] = {}
"""The exception of each plugin that could not be loaded, by ``distribution:entry``."""

logger = logging.getLogger(__name__)


def installed_entries() -> list[EntryPoint]:
    """Return every installed plugin's entry point, our own first; imports nothing.

    If a folder of ``sys.path`` has changed, the metadata of all distributions is read again.
    """
    return list(_read_entries(tuple(map(_folder_state, sys.path))))


@lru_cache(maxsize=1)
def _read_entries(_: tuple[tuple[str, int, int], ...]) -> list[EntryPoint]:
    entries = {(distribution(e), e.name): e for e in entry_points(group=GROUP)}
    return [entries[key] for key in sorted(entries, key=lambda k: (k[0] != OWN_DISTRIBUTION, *k))]


def _folder_state(path: str) -> tuple[str, int, int]:
    """Return a state that differs after a distribution is installed into or removed from `path`."""
    try:
        state = Path(path).stat()
    except OSError:
        return path, 0, 0
    return path, state.st_ino, state.st_mtime_ns


def written_for_newer_hooks() -> Iterator[tuple[EntryPoint, int]]:
    """Yield the plugins that need newer hooks, each with the oldest version that it supports."""
    loadable_entries = {(distribution(e), e.name) for e in installed_entries()}
    numbers = (group.removeprefix(f"{GROUP}.") for group in entry_points().groups)
    for number in sorted(int(text) for text in numbers if text.isdecimal()):
        for entry in entry_points(group=f"{GROUP}.{number}"):
            if (
                number > HOOKS_VERSION
                and (key := (distribution(entry), entry.name)) not in loadable_entries
            ):
                loadable_entries.add(key)
                yield entry, number


def distribution(entry: EntryPoint) -> str:
    """Return the normalised name of the distribution that `entry` belongs to."""
    return _name(entry.dist) if entry.dist else "unknown"


@lru_cache(maxsize=256)
def _name(dist: Distribution) -> str:
    return _normalize_name(dist.name or "unknown")  # None after an incomplete uninstall


def installed_version(name: str) -> str:
    """Return the version of the distribution `name`; empty if it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def allowed_entries(entries: Iterable[EntryPoint]) -> Iterator[EntryPoint]:
    """Yield the entries of distributions in ``TRANSLATE_PLUGINS=a,b``, and our own.

    If the variable is not set, all entries are allowed.
    """
    value = os.environ.get(ALLOWED_VARIABLE)
    if value is None:
        yield from entries
        return
    names = {OWN_DISTRIBUTION, *(_normalize_name(name.strip()) for name in value.split(","))}
    yield from (entry for entry in entries if distribution(entry) in names)


@cache
def load(*, torch_free: bool = False) -> pluggy.PluginManager:
    """Import and register every installed, allowed plugin, once.

    A plugin that fails is unregistered as a whole, and named in one warning.

    Args:
        torch_free: Whether to load only the plugins in the group `TORCH_FREE` of distributions that
            have this group: exported models run without importing PyTorch, which takes seconds.
    """
    manager = pluggy.PluginManager("translate")
    manager.add_hookspecs(hookspecs)
    for entry in allowed_entries(_torch_free_entries() if torch_free else installed_entries()):
        name = f"{distribution(entry)}:{entry.name}"
        if name in skipped:
            continue  # `commands.plugin_commands` has warned of it
        try:
            load_entry(manager, entry)
        except BaseException as error:
            skip(name, error, _failure_message(entry, error))
    if not torch_free:
        _skip_plugins_for_newer_hooks()
    return manager


def _skip_plugins_for_newer_hooks() -> None:
    """Add the plugins that need newer hooks to `skipped`, and warn of each."""
    versions = dict(written_for_newer_hooks())
    for entry in allowed_entries(versions):
        error = PluginError(
            f"it needs hooks {versions[entry]}, and {OWN_DISTRIBUTION} {version(OWN_DISTRIBUTION)} "
            f"has hooks {HOOKS_VERSION}: pip install --upgrade {OWN_DISTRIBUTION}"
        )
        skip(f"{distribution(entry)}:{entry.name}", error, _failure_message(entry, error))


def skip(where: str, error: BaseException, message: str = "") -> None:
    """Add a plugin or hook that has failed to `skipped`, and warn of it."""
    reraise_interruption(error)
    skipped[where] = error
    logger.warning(message or f"{where} failed ({describe_error(error)}).")


def load_for(hook: str) -> pluggy.PluginManager:
    """Load the plugins that may implement `hook`."""
    return load(torch_free=True) if hook in TORCH_FREE_HOOKS else load()


def _torch_free_entries() -> Iterator[EntryPoint]:
    """Yield the plugins in the group `TORCH_FREE`, and all of distributions without this group."""
    torch_free = {(distribution(entry), entry.name) for entry in entry_points(group=TORCH_FREE)}
    distributions = {name for name, _ in torch_free}
    for entry in installed_entries():
        owner = distribution(entry)
        if owner not in distributions or (owner, entry.name) in torch_free:
            yield entry


def load_entry(manager: pluggy.PluginManager, entry: EntryPoint) -> object:
    """Import and register one plugin.

    Raises whatever its import raises, and `PluginError` for an unmet requirement or a wrong hook.
    """
    _reject_unmet_requirement(entry)
    plugin: object = entry.load()
    register(manager, plugin, f"{distribution(entry)}:{entry.name}")
    return plugin


def register(manager: pluggy.PluginManager, plugin: object, name: str) -> None:
    """Register all hooks of `plugin`, or none.

    Raises `PluginError` for a hook that does not exist or has other arguments.
    """
    try:
        _check_hooks(manager, plugin)
        manager.register(plugin, name=name)
    except BaseException:
        if manager.has_plugin(name):
            manager.unregister(name=name)
        raise


def _check_hooks(manager: pluggy.PluginManager, plugin: object) -> None:
    """Raise `PluginError` for a hook of `plugin` that does not exist or has other arguments."""
    for name in dir(plugin):
        if manager.parse_hookimpl_opts(plugin, name) is None:
            continue
        function = getattr(plugin, name)
        code = function.__code__
        where = f" ({code.co_filename}, line {code.co_firstlineno})"
        caller = getattr(manager.hook, name, None)
        if caller is None or not caller.spec:
            hook_names = [hook for hook, other in vars(manager.hook).items() if other.spec]
            raise PluginError(f"there is no hook {name!r}.{suggest(name, hook_names)}{where}")
        arguments = caller.spec.argnames
        for argument in signature(function).parameters:
            if argument not in arguments:
                takes = f"expected some of {', '.join(arguments)}" if arguments else "it has none"
                raise PluginError(f"the hook {name!r} has no argument {argument!r}: {takes}{where}")


def _reject_unmet_requirement(entry: EntryPoint) -> None:
    """Raise `PluginError` if the distribution of `entry` needs another version of ours."""
    if distribution(entry) == OWN_DISTRIBUTION:
        return
    from packaging.requirements import InvalidRequirement, Requirement  # slow; `--help` may wait

    for text in (entry.dist.requires if entry.dist else None) or ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue  # pip reports it
        if _normalize_name(requirement.name) == OWN_DISTRIBUTION and (
            requirement.marker is None or requirement.marker.evaluate()
        ):
            ours = version(OWN_DISTRIBUTION)
            if not requirement.specifier.contains(ours, prereleases=True):
                raise PluginError(
                    f"needs {OWN_DISTRIBUTION}{requirement.specifier}, and {ours} is installed"
                )


def _failure_message(entry: EntryPoint, error: BaseException) -> str:
    name = distribution(entry)
    owner = f"{name} {entry.dist.version}" if entry.dist else "unknown"
    return (
        f"plugin {entry.name!r} of {owner} is skipped ({describe_error(error)}). Remove it with "
        f"`pip uninstall {name}`, or list the plugins to load in {ALLOWED_VARIABLE}."
    )


def _normalize_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
