"""Names of files and folders: which ones are ignored, and short names of domains."""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

VALIDATION_SPLITS = ("val", "valid", "validation")
"""Folders of a domain with validation images, which are measured if there is no ``test``."""
SPLITS = frozenset({"train", "test", *VALIDATION_SPLITS})
"""Folders of a domain that hold a part of its images."""
HIDDEN = frozenset(
    {"thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r"}  # files
    | {"__macosx", "network trash folder", "temporary items"}  # macOS
    | {"$recycle.bin", "recycler", "system volume information", "found.000"}  # Windows
    | {"@eadir", "@tmp", "@sharebin", "#recycle", "#snapshot", "@recycle"}  # network storage
    | {"@recently-snapshot", "lost+found"}
)
"""Names, in lower case, of files and folders that systems and network storage add to folders."""


def is_hidden(name: str) -> bool:
    """Return whether a file or folder of this name is ignored."""
    return name.startswith(".") or name.lower() in HIDDEN


def any_hidden(names: Iterable[str]) -> bool:
    """Return whether one of the `names` of a path is ignored."""
    return any(is_hidden(name) for name in names)


def is_split(name: str) -> bool:
    """Return whether a folder of this name is a split of a domain: train, test, val."""
    return name.lower() in SPLITS


TOOLKIT_FILES = re.compile(r"captions\.jsonl|problems(-\d+(-of-\d+)?)?\.jsonl|.+\.trust\.png")
"""Files that this toolkit writes next to images; ``.trust.png``: `translate infer --trust`."""
MAGIC = re.compile(r"[*?\[\]]+|\{[^{}]*(,|\.\.)[^{}]*\}")


def is_toolkit_file(name: str) -> bool:
    """Return whether `name` is that of a file that this toolkit writes next to images."""
    return bool(TOOLKIT_FILES.fullmatch(name))


def common_end(names: Iterable[str]) -> str:
    """Return the longest common end of `names`, without digits at the beginning of that end."""
    shortest, *others = sorted(names, key=len) or [""]
    length = next(
        (n for n in range(len(shortest), 0, -1) if all(o.endswith(shortest[-n:]) for o in others)),
        0,
    )
    return shortest[len(shortest) - length :].lstrip("0123456789")


def short_names(domains: Sequence[str]) -> tuple[str, ...]:
    """Return short names of `domains`: the last part of a path, or more parts if two are equal.

    ``photos/my horses`` and ``horses/train`` are ``my horses`` and ``horses``, ``x/a*.jpg`` is
    ``a``.
    """
    parts = [_parts(domain) for domain in domains]
    for depth in range(1, max(map(len, parts), default=0) + 1):
        names = tuple("-".join(part[-depth:]) for part in parts)
        if len(set(names)) == len(names):
            return names
    return tuple(domains)


def _parts(domain: str) -> list[str]:
    """Return the parts of the path `domain` that may be a short name: no splits, no wildcards."""
    path = Path(domain)
    if {".", ".."} & {*domain.split("/")} and path.name in ("", ".."):
        path = Path(os.path.abspath(domain))  # noqa: PTH100 - a link keeps its own name
    parts = [part for part in path.parts if part not in (path.anchor, "..")]
    if len(parts) > 1 and parts[-1].lower() in SPLITS:
        parts.pop()
    if parts and MAGIC.search(parts[-1]):
        name = MAGIC.sub("", Path(parts[-1]).stem).strip("-_. ")
        parts = [*parts[:-1], name] if name else parts[:-1]
        parts = [part for part in parts if not MAGIC.search(part)]
    return parts or [domain]
