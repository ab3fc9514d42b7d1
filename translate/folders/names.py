"""Names of files and folders: hidden ones, and short names of domains."""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

VALIDATION_SPLITS = ("val", "valid", "validation")
"""Folders of a domain with images that are not trained on, used where there is no ``test``."""
SPLITS = frozenset({"train", "test", *VALIDATION_SPLITS})
"""Folders of a domain that hold a part of its images."""
HIDDEN = frozenset(
    {"thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r"}  # files
    | {"__macosx", "network trash folder", "temporary items"}  # macOS
    | {"$recycle.bin", "recycler", "system volume information", "found.000"}  # Windows
    | {"@eadir", "@tmp", "@sharebin", "#recycle", "#snapshot", "@recycle"}  # network storage
    | {"@recently-snapshot", "lost+found"}
)
"""What operating systems and network storage leave in folders, in lower case."""


def is_hidden(name: str) -> bool:
    """Return whether a file or folder of this name is ignored."""
    return name.startswith(".") or name.lower() in HIDDEN


def any_hidden(names: Iterable[str]) -> bool:
    """Return whether one of the `names` of a path is ignored."""
    return any(is_hidden(name) for name in names)


OWN = re.compile(r"captions\.jsonl|problems(-\d+(-of-\d+)?)?\.jsonl|.+\.trust\.png")
"""Files of ours in folders of images; the last are maps of `translate infer --trust`."""
MAGIC = re.compile(r"[*?\[\]]+|\{[^{}]*(,|\.\.)[^{}]*\}")


def is_own(name: str) -> bool:
    """Return whether a file of this name is one of ours, which no message mentions."""
    return bool(OWN.fullmatch(name))


def common_end(names: Iterable[str]) -> str:
    """Return the longest end that all `names` share, without digits at its beginning."""
    shortest, *others = sorted(names, key=len) or [""]
    shared = next(
        (n for n in range(len(shortest), 0, -1) if all(o.endswith(shortest[-n:]) for o in others)),
        0,
    )
    return shortest[len(shortest) - shared :].lstrip("0123456789")


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
    """Return the parts of a path that may name its images."""
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
