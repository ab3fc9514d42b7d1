"""Groups of images that belong together, such as those of a patient, found in their paths."""

import re
from collections.abc import Iterable
from glob import has_magic
from itertools import takewhile
from pathlib import Path

from translate.batches import Layout
from translate.engine.config.schema import Data
from translate.engine.system.locations import UrlPath
from translate.errors import ConfigError
from translate.folders.lookup import candidate_folders


def relative_names(files: Iterable[Path], data: Data) -> dict[Path, str]:
    """Return the path of each file relative to the folder of its domain, with slashes."""
    domain_folders = {data.root / data.split, data.root}
    for name in () if isinstance(data.root, UrlPath) else data.domains:
        fixed = Path(*takewhile(lambda part: not has_magic(part), Path(name).parts))
        domain_folders |= {fixed, data.root / fixed} if has_magic(name) else set()
        domain_folders |= {*candidate_folders(data.root, name, data.split)}
    deepest_first = sorted(domain_folders, key=lambda folder: -len(folder.parts))
    names = dict[Path, str]()
    for path in files:
        folder = next((f for f in deepest_first if path.is_relative_to(f)), path.parent)
        names[path] = path.relative_to(folder).as_posix()
    return names


def group_of(name: str, pattern: str | None) -> str | None:
    """Return the first regular-expression group of `pattern` in the path `name`; None: no match."""
    matched = re.search(pattern, name) if pattern else None
    return matched[1] if matched else None


def ungrouped_warnings(layout: Layout, data: Data) -> list[str]:
    """Return a line on the files without a group; raises `ConfigError` if no file has a group."""
    names = list(relative_names(layout.files, data).values())
    ungrouped = [name for name in names if group_of(name, data.groups) is None]
    if not data.groups or not ungrouped:
        return []
    if len(ungrouped) == len(names):
        raise ConfigError(
            f"data.groups: '{data.groups}' matches not one of {len(names)} paths, such as "
            f"{names[0]!r}. Expected a pattern of a part of it: --set \"data.groups='(P[0-9]+)_'\""
        )
    return [
        f"data.groups: {len(ungrouped)} of {len(names)} files have no match of '{data.groups}', "
        f"the first is {ungrouped[0]}: each is its own group"
    ]


def shared_groups(one: Iterable[str], other: Iterable[str], data: Data) -> list[str]:
    """Return the groups that the relative paths of two splits have in common, sorted."""
    first, second = ({group_of(name, data.groups) for name in names} for names in (one, other))
    return sorted(group for group in first & second if group is not None)
