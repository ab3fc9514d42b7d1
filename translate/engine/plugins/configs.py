"""Configurations by name: our own, and those in the folder ``configs`` of plugins."""

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path

from translate.engine.plugins import discovery
from translate.engine.system.bundled import bundled_folder

FOLDER = "configs"
SUFFIX = ".yaml"


def configs() -> dict[str, Traversable]:
    """Return the files of all configurations by name, our own first; imports no plugin.

    The configurations of a plugin are the files ``configs/NAME.yaml`` in the package of its entry
    point. If several distributions have the same NAME, it becomes ``distribution/NAME``, but for
    our own configuration.
    """
    files = dict(_files(bundled_folder("configs")))
    by_name: dict[str, dict[str, Traversable]] = {}
    for owner, name, file in _plugin_files():
        by_name.setdefault(name, {})[owner] = file
    for name, owners in by_name.items():
        unique = len(owners) == 1 and name not in files
        files |= {name if unique else f"{owner}/{name}": file for owner, file in owners.items()}
    return files


def _plugin_files() -> Iterator[tuple[str, str, Traversable]]:
    """Yield distribution, name and file of each configuration of the allowed plugins."""
    for entry in discovery.allowed_entries(discovery.installed_entries()):
        if (owner := discovery.distribution(entry)) != discovery.OWN_DISTRIBUTION:
            for folder in _packages(entry):
                yield from ((owner, *item) for item in _files(folder / FOLDER))


def _packages(entry: EntryPoint) -> list[Path]:
    """Return the folders of the top-level package of `entry`; [] for a single module."""
    try:
        spec = find_spec(entry.module.partition(".")[0])
    except (ImportError, ValueError):  # `translate plugins` lists it with the reason
        return []
    return [Path(path) for path in (spec and spec.submodule_search_locations) or ()]


def _files(folder: Traversable) -> Iterator[tuple[str, Traversable]]:
    """Yield name and file of each configuration in `folder`, in the order of their names."""
    files = folder.iterdir() if folder.is_dir() else iter(())
    for file in sorted(files, key=lambda file: file.name):
        if file.name.endswith(SUFFIX):
            yield file.name.removesuffix(SUFFIX), file
