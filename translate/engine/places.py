"""Where the data of a run lie, when it is resumed from another working directory.

A configuration keeps paths as they were typed; ``run.json`` says in which directory.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from translate.engine.config import Data
from translate.engine.data import open_layout
from translate.engine.names import short_names
from translate.errors import ConfigError, DataError


def working_directory() -> str:
    """Return the absolute path of the working directory; an empty text if it was deleted."""
    try:
        return str(Path.cwd())
    except OSError:
        return ""


def locate(data: Data, directory: str, *, moved: bool) -> Data:
    """Return `data` with paths that lead to its images, from here or from `directory`.

    Paths are tried as they are, then from the `directory` in which they were typed. Where the root
    has `moved`, a domain that was typed as a path is looked for below it by its name, too. What is
    found nowhere is returned as it is.
    """
    candidates = [data]
    if moved:
        candidates.append(_renamed(data, short_names(data.domains)))
    elif directory and directory != working_directory():
        candidates.append(_from(data, Path(directory)))
    if len(candidates) == 1:
        return data
    for candidate in candidates:
        try:
            open_layout(candidate)
        except (DataError, ConfigError):
            continue
        return candidate
    return data


def _from(data: Data, directory: Path) -> Data:
    """Return `data` as `directory` has it: with an absolute root, and absolute paths of domains."""
    domains = tuple(_absolute(name, data.root, directory) for name in data.domains)
    layout: Any = data.layout
    if isinstance(layout, Mapping):
        layout = {key: _existing(value, directory) for key, value in layout.items()}
    found = data.model_copy(update={"root": directory / data.root, "layout": layout})
    return found if data.sides else _renamed(found, domains)


def _absolute(name: str, root: Path, directory: Path) -> str:
    """Return the path that a domain's `name` is in `directory`; a folder below `root` is none."""
    is_path = Path(name).name != name or (
        (directory / name).exists() and not (directory / root / name).exists()
    )
    return str(directory / name) if is_path else name


def _existing(value: Any, directory: Path) -> Any:
    """Return an option of a layout, as a path where it is one of a file in `directory`."""
    if isinstance(value, str) and not Path(value).exists() and (directory / value).is_file():
        return str(directory / value)
    return value


def _renamed(data: Data, domains: tuple[str, ...]) -> Data:
    """Return `data` with other names for its domains, wherever they are named."""
    names = dict(zip(data.domains, domains, strict=True))
    update: dict[str, Any] = {"domains": domains}
    if isinstance(data.channels, dict):
        update["channels"] = {names.get(key, key): value for key, value in data.channels.items()}
    if isinstance(data.labels, tuple):
        update["labels"] = tuple(names.get(name, name) for name in data.labels)
    return data.model_copy(update=update)
