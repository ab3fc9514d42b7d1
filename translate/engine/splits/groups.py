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
from translate.folders.lookup import places


def relative_names(files: Iterable[Path], data: Data) -> dict[Path, str]:
    """Return the path of each file below the folder of its domain, with slashes."""
    homes = {data.root / data.split, data.root}
    for name in () if isinstance(data.root, UrlPath) else data.domains:
        fixed = Path(*takewhile(lambda part: not has_magic(part), Path(name).parts))
        homes |= {fixed, data.root / fixed} if has_magic(name) else set()
        homes |= {*places(data.root, name, data.split)}
    ranked = sorted(homes, key=lambda home: -len(home.parts))
    home_of = {path: next((h for h in ranked if path.is_relative_to(h)), path.parent)
             for path in files}  # fmt: skip
    return {path: path.relative_to(home).as_posix() for path, home in home_of.items()}


def group_of(name: str, pattern: str | None) -> str | None:
    """Return the first group of `pattern` in a relative path; None if it does not match."""
    matched = re.search(pattern, name) if pattern else None
    return matched[1] if matched else None


def ungrouped_warnings(layout: Layout, data: Data) -> list[str]:
    """Return a line on the files without a group; raises `ConfigError` if none has any."""
    names = list(relative_names(layout.files, data).values())
    alone = [name for name in names if group_of(name, data.groups) is None]
    if not data.groups or not alone:
        return []
    if len(alone) == len(names):
        raise ConfigError(
            f"data.groups: '{data.groups}' matches not one of {len(names)} paths, such as "
            f"{names[0]!r}. Expected a pattern of a part of it: --set \"data.groups='(P[0-9]+)_'\""
        )
    return [
        f"data.groups: {len(alone)} of {len(names)} files have no match of '{data.groups}', the "
        f"first is {alone[0]}: each is its own group"
    ]


def shared_groups(one: Iterable[str], other: Iterable[str], data: Data) -> list[str]:
    """Return the groups that relative paths of two splits have in common."""
    each = [{group_of(name, data.groups) for name in names} for names in (one, other)]
    return sorted(group for group in each[0] & each[1] if group is not None)
