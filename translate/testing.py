"""Checks that plugin authors call in their own tests: `check_recipe`, `check_layout` and others.

They test the rules of the contract, which `translate plugins check NAME` prints and tests as well.
Nothing here needs pytest.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from translate.batches import ImageSpec
from translate.contract.results import (
    NO_FOLDER,
    RuleResult,
    run_event_rules,
    run_file_rules,
    run_rules,
)
from translate.errors import ConfigError


def check_recipe(
    name: str,
    /,
    *,
    spec: ImageSpec | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Any,
) -> None:
    """Train a recipe for a few steps, and check it against the contract; takes seconds.

    Args:
        name: The registered name.
        spec: Size and domains of random images; 32x32 by default.
        data: Settings of ``data``, for a recipe with its own layout: ``{"layout": ..., "root":
            ..., "domains": [...]}``.
        options: Options of the recipe; networks that they do not configure are made small.

    Raises:
        AssertionError: A rule is broken; the message says which, why, plugin, file and line.
    """
    _raise(run_rules("recipe", name, options, spec=spec, data=data))


def check_generator(name: str, /, **options: Any) -> None:
    """Check a generator against the contract.

    Args:
        name: The registered name.
        options: Options of the network.

    Raises:
        AssertionError: A rule is broken; the message says which, why, plugin, file and line.
    """
    _raise(run_rules("generator", name, options))


def check_discriminator(name: str, /, **options: Any) -> None:
    """Check a discriminator against the contract.

    Args:
        name: The registered name.
        options: Options of the network.

    Raises:
        AssertionError: A rule is broken; the message says which, why, plugin, file and line.
    """
    _raise(run_rules("discriminator", name, options))


def check_loss(name: str, /, **options: Any) -> None:
    """Check a loss against the contract.

    Args:
        name: The registered name.
        options: Options of the loss.

    Raises:
        AssertionError: A rule is broken; the message says which, why, plugin, file and line.
    """
    _raise(run_rules("loss", name, options))


def check_layout(name: str, /, *, data: Mapping[str, Any] | None = None, **options: Any) -> None:
    """Check a layout against the contract.

    Args:
        name: The registered name.
        data: Settings of ``data`` for a folder to read, ``{"root": ..., "domains": [...]}``; by
            default two small domains are generated.
        options: Options of the layout.

    Raises:
        AssertionError: A rule is broken; the message says which, why, plugin, file and line.
        ConfigError: The layout cannot read the generated domains: pass `data`.
        DataError: The layout cannot read this folder.
    """
    for result in run_rules("layout", name, options, data=data):
        if result.note.startswith(NO_FOLDER):
            raise ConfigError(result.note)
        _raise([result])


def check_format(name: str, /, *, files: Sequence[Path] = ()) -> None:
    """Check an image format against the contract, on files that it writes.

    Args:
        name: The registered name.
        files: More files to read, required for a format that writes none.

    Raises:
        AssertionError: A rule is broken; the message says which, why, plugin, file and line.
    """
    _raise(run_file_rules("format", name, files))


def check_metric(name: str, /, **options: Any) -> None:
    """Check a metric against the contract, on random images.

    Args:
        name: The registered name.
        options: Options of the metric.

    Raises:
        AssertionError: A rule is broken; the message says which, why, plugin, file and line.
    """
    _raise(run_rules("metric", name, options))


def check_tracker(name: str, /, **options: Any) -> None:
    """Check a tracker against the contract, in temporary runs that are resumed.

    Args:
        name: The registered name.
        options: Options of the tracker.

    Raises:
        AssertionError: A rule is broken; the message says which, why, plugin, file and line.
    """
    _raise(run_rules("tracker", name, options))


def check_importer(name: str, /, *, files: Sequence[Path] = ()) -> None:
    """Check an importer of weights against the contract.

    Args:
        name: The registered name.
        files: Files that it recognizes, to convert each.

    Raises:
        AssertionError: A rule is broken; the message says which, why, plugin, file and line.
    """
    _raise(run_file_rules("importer", name, files))


def check_exporter(name: str, /) -> None:
    """Check an exporter of models against the contract, on a small network.

    Args:
        name: The registered name.

    Raises:
        AssertionError: A rule is broken; the message says which, why, plugin, file and line.
    """
    _raise(run_rules("exporter", name, {}))


def check_command(name: str, /) -> None:
    """Check a command against the contract: its help and its imports.

    Args:
        name: The registered name.

    Raises:
        AssertionError: A rule is broken; the message says which, why, plugin, file and line.
    """
    _raise(run_rules("command", name, {}))


def check_events(name: str) -> None:
    """Check the event hooks of a plugin against the contract, for a temporary run.

    Args:
        name: The name of the plugin or of its distribution.

    Raises:
        AssertionError: A rule is broken; the message says which, why, plugin, file and line.
        ConfigError: No such plugin has an event hook.
    """
    results_of_plugins = list(run_event_rules(name))
    if not results_of_plugins:
        raise ConfigError(f"no installed plugin called {name!r} has an event hook.")
    for _, results in results_of_plugins:
        _raise(results)


def _raise(results: Iterable[RuleResult]) -> None:
    for result in results:
        if result.failure:
            place = f" ({result.place})" if result.place else ""
            raise AssertionError(f"{result.rule} {result.failure}{place}") from result.error
