"""Names of recipes, configurations, and everything else that plugins register."""

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
    "generator": "Generators (networks that return images or codes), for options of a recipe",
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
"""Headings of the kinds, in the order of the list."""


class Entry(NamedTuple):
    """What a name stands for."""

    kind: str
    name: str
    summary: str
    distribution: str


def entries() -> list[Entry]:
    """Return all names, kind by kind."""
    from translate.engine.plugins.discovery import OWN_DISTRIBUTION

    listed = [
        Entry(kind, name, summary(registration.factory), registration.distribution)
        for kind, name, registration in all_registrations()
    ]
    listed += [
        Entry("configuration", name, text, OWN_DISTRIBUTION) for name, text in _configurations()
    ]
    return sorted(listed, key=lambda entry: list(TITLES).index(entry.kind))


def all_registrations() -> Iterator[tuple["Kind", str, "Registration"]]:
    """Yield every registration with its kind and its shortest name that is unambiguous."""
    from translate.engine.plugins.discovery import OWN_DISTRIBUTION
    from translate.registry import HOOKS, list_registrations, names

    for kind in HOOKS:
        registrations, unambiguous = list_registrations(kind), names(kind)
        counts = Counter(registration.name for registration in registrations)
        for registration in registrations:
            name, distribution = registration.name, registration.distribution
            is_first = counts[name] == 1 or distribution == OWN_DISTRIBUTION
            short = name in unambiguous and is_first
            yield kind, name if short else f"{distribution}/{name}", registration


def summary(factory: Callable[..., Any]) -> str:
    """Return the first line of a factory's docstring or of a command's help, or nothing."""
    if isinstance(factory, click.Command):
        return factory.get_short_help_str(100)
    if isinstance(factory, partial) and "__doc__" not in vars(factory):
        factory = factory.func
    text = getdoc(factory) or ""
    if isinstance(factory, type) and "__doc__" in vars(factory) and not factory.__doc__:
        text = ""  # getdoc would take the base class's
    return text.strip().partition("\n")[0]


def _configurations() -> Iterator[tuple[str, str]]:
    """Yield the name and the first comment of each configuration."""
    from translate.engine.plugins.configs import configs

    for name, file in configs().items():
        first = file.read_bytes().decode(errors="replace").partition("\n")[0]
        yield name, first.removeprefix("#").strip() if first.startswith("#") else ""
