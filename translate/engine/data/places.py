"""Find the data of a run that is resumed from another working directory.

A configuration has paths as they were typed. ``run.json`` has the working directory to which they
are relative.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from translate.engine.config.schema import Data
from translate.engine.config.value_types import BY_DOMAIN, rename_domains
from translate.engine.data.check import is_joined, open_layout
from translate.engine.system.locations import join
from translate.errors import ConfigError, DataError
from translate.folders.braces import is_pattern
from translate.folders.listing import is_path
from translate.folders.names import short_names
from translate.folders.walk import is_folder

DOMAIN_KEYS = ("domains", *BY_DOMAIN)
"""settings that name domains"""


def working_directory() -> str:
    """Return the absolute path of the working directory, or "" if it was deleted."""
    try:
        return str(Path.cwd())
    except OSError:
        return ""


def locate(data: Data, directory: str, *, root_changed: bool) -> Data:
    """Return `data` with paths at which its images exist; unchanged if they are not found.

    Args:
        data: The settings of a run.
        directory: The working directory of their relative paths, or "".
        root_changed: Whether this resume has another ``data.root``. Then domains that were typed as
            paths are first looked up by name below the new root, and `directory` is not tried.

    Raises:
        DataError: The new root does not have the domains.
    """
    candidates = [data]
    if root_changed:
        _expect_domains_below_root(data)
        candidates.insert(0, _rename_domains(data, short_names(data.domains)))
    elif directory and directory != working_directory():
        candidates.append(_absolute_paths(data, Path(directory)))
    if len(candidates) == 1:
        return data
    for candidate in candidates:
        try:
            open_layout(candidate)
        except (DataError, ConfigError):
            continue
        return candidate
    return data


def with_root(data: Data, root: Path) -> Data:
    """Return `data` with another `root`, and the short names of its domains instead of paths."""
    relocated = data.model_copy(update={"root": root})
    return relocated if is_joined(data) else _rename_domains(relocated, short_names(data.domains))


def expect_root(data: Data) -> None:
    """Raise `DataError` if domains are names below ``data.root``, and there is no such folder."""
    names = [name for name in data.domains if Path(name).name == name]
    has_samples = data.root == Data.model_fields["root"].default  # sample domains are generated
    if names and not has_samples and not is_pattern(str(data.root)) and not is_folder(data.root):
        raise DataError(
            f"data.root: there is no folder {data.root}. Expected the folder that holds "
            f"{' and '.join(names)}: --data DIR"
        )


def _expect_domains_below_root(data: Data) -> None:
    """Raise `DataError` if ``data.root`` does not have the domains of `data`."""
    names = short_names(data.domains)
    expect_root(data.model_copy(update={"domains": names}))
    for name in names:
        if is_path(data.root, name):
            raise DataError(
                f"data.root: there is no {name} in {data.root}. Expected a folder that holds "
                f"{' and '.join(names)}: --data DIR"
            )


def _absolute_paths(data: Data, directory: Path) -> Data:
    """Return `data` with absolute paths: those of `data` are relative to `directory`."""
    domains = tuple(_absolute_domain(name, data.root, directory) for name in data.domains)
    layout: Any = data.layout
    if isinstance(layout, Mapping):
        layout = {key: _absolute_file(value, directory) for key, value in layout.items()}
    update: dict[str, Any] = {"root": join(directory, data.root), "layout": layout}
    if isinstance(data.validation, str) and (directory / data.validation).is_dir():
        update["validation"] = str(directory / data.validation)
    absolute = data.model_copy(update=update)
    return absolute if is_joined(data) else _rename_domains(absolute, domains)


def _absolute_domain(name: str, root: Path, directory: Path) -> str:
    """Return the absolute path of a domain that is a path; a name below `root` is unchanged."""
    is_path = Path(name).name != name or (
        (directory / name).exists() and not (directory / root / name).exists()
    )
    return str(directory / name) if is_path else name


def _absolute_file(value: Any, directory: Path) -> Any:
    """Return the absolute path of a file that exists only in `directory`; else `value` itself."""
    if isinstance(value, str) and not Path(value).exists() and (directory / value).is_file():
        return str(directory / value)
    return value


def _rename_domains(data: Data, domains: tuple[str, ...]) -> Data:
    """Return `data` with the names `domains` for its domains, in all settings that name domains."""
    settings = rename_domains({key: getattr(data, key) for key in DOMAIN_KEYS}, domains)
    labels = None if data.labels is None else tuple(settings["labels"])
    return data.model_copy(update={**settings, "domains": domains, "labels": labels})
