"""The Python distributions, with versions, of the plugins that a configuration needs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from translate.engine.plugins.discovery import OWN_DISTRIBUTION, installed_version
from translate.errors import ConfigError, printable_name
from translate.registry import HOOKS, list_registrations


def plugin_versions(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the version of each distribution that registers a plugin named in `document`.

    The distribution of this toolkit is excluded: its version is recorded in any case.
    """
    names = set(_texts(document))
    distributions = {
        registration.distribution
        for kind in HOOKS
        for registration in list_registrations(kind)
        if {registration.name, f"{registration.distribution}/{registration.name}"} & names
    }
    others = sorted(distributions - {OWN_DISTRIBUTION})
    versions = {name: installed_version(name) for name in others}
    return {name: installed for name, installed in versions.items() if installed}


@contextmanager
def missing_plugins_named(versions: Mapping[str, str]) -> Iterator[None]:
    """Add to a `ConfigError` which distributions of `versions` are not installed."""
    try:
        yield
    except ConfigError as error:
        missing = [f"{n}=={number}" for n, number in versions.items() if not installed_version(n)]
        if not missing:
            raise
        typed = printable_name(" ".join(missing))
        raise ConfigError(
            f"{error} The configuration was made with plugins that are not "
            f"installed: pip install {typed}"
        ) from error


def _texts(value: Any) -> Iterator[str]:
    """Yield all texts in a document of mappings and lists."""
    match value:
        case str():
            yield value
        case Mapping():
            for item in value.values():
                yield from _texts(item)
        case list() | tuple():
            for item in value:
                yield from _texts(item)
