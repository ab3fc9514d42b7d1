"""The names that `translate show` lists: configurations, and everything that plugins register."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from inspect import getdoc
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from translate.registry import Kind, Registration

TITLES = {
    "recipe": "Recipes, for `translate train --plugin NAME`",
    "configuration": "Configurations, for `translate train --config NAME`",
    "layout": 'Layouts, for `--set data.layout=NAME` or `--set "data.layout={name: NAME, ...}"`',
    "generator": "Generators (networks that return images or latents), for options of a recipe",
    "discriminator": "Discriminators (networks that score images), for options of a recipe",
    "loss": "Losses, for options of a recipe",
    "metric": "Metrics, for `translate evaluate` and `--set train.metric=NAME`",
    "tracker": "Trackers, for `--set train.trackers=[NAME]`",
    "importer": "Importers, for `translate import FILE`, recognized by the names of tensors",
    "exporter": "Exporters, for `translate export RUN FILE`, chosen by the suffix of the file",
    "domain": "Sample domains, for `--domains NAME`; `translate datasets` lists yours",
    "command": "Commands, for `translate NAME`",
    "format": "Image formats, recognized by the first bytes of a file",
}
"""heading of each kind in `translate show`, in the order of the output"""


class CatalogueEntry(NamedTuple):
    """A name that `translate show` lists."""

    kind: str
    name: str
    summary: str
    distribution: str


def entries() -> list[CatalogueEntry]:
    """Return an entry for each name, sorted by kind as `TITLES` is."""
    from translate.engine.plugins.discovery import OWN_DISTRIBUTION

    all_entries = [
        CatalogueEntry(kind, name, summary(registration.factory), registration.distribution)
        for kind, name, registration in all_registrations()
    ]
    all_entries += [
        CatalogueEntry("configuration", name, text, OWN_DISTRIBUTION)
        for name, text in _configurations()
    ]
    return sorted(all_entries, key=lambda entry: list(TITLES).index(entry.kind))


def all_registrations() -> Iterator[tuple["Kind", str, "Registration"]]:
    """Yield every registration with its kind and its shortest name that is unambiguous."""
    from translate.engine.plugins.discovery import OWN_DISTRIBUTION
    from translate.registry import HOOKS, list_registrations, names

    for kind in HOOKS:
        registrations, unambiguous = list_registrations(kind), names(kind)
        counts = Counter(registration.name for registration in registrations)
        for registration in registrations:
            name, distribution = registration.name, registration.distribution
            has_priority = counts[name] == 1 or distribution == OWN_DISTRIBUTION
            if not (name in unambiguous and has_priority):
                name = f"{distribution}/{name}"
            yield kind, name, registration


def summary(factory: Callable[..., Any]) -> str:
    """Return the first line of a factory's docstring or of a command's help; else empty."""
    if isinstance(factory, click.Command):
        return factory.get_short_help_str(100)
    if isinstance(factory, partial) and "__doc__" not in vars(factory):
        factory = factory.func
    text = getdoc(factory) or ""
    if isinstance(factory, type) and "__doc__" in vars(factory) and not factory.__doc__:
        text = ""  # getdoc would return that of the base class
    return text.strip().partition("\n")[0]


def _configurations() -> Iterator[tuple[str, str]]:
    """Yield the name of each bundled configuration, and the comment in its first line."""
    from translate.engine.plugins.configs import configs

    for name, file in configs().items():
        line = file.read_bytes().decode(errors="replace").partition("\n")[0]
        yield name, line.removeprefix("#").strip() if line.startswith("#") else ""
