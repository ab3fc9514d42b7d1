"""Globs as the parts of a path: what they match, and what their braces name."""

from collections.abc import Sequence
from fnmatch import fnmatch
from functools import lru_cache
from glob import has_magic

from translate.folders.braces import expand, has_braces


def without_wildcards(parts: Sequence[str]) -> dict[str, None]:
    """Return the names that the braces of a pattern stand for, up to those of tar files."""
    pattern = "/".join(parts[: tar_depth(parts) + 1])
    names = expand(pattern) if has_braces(pattern) else ()
    return dict.fromkeys(name for name in names if not has_magic(name))


def tar_depth(parts: Sequence[str]) -> int:
    """Return the place of the first part of a pattern that names tar files; else of the last."""
    places = (place for place, part in enumerate(parts) if part.lower().endswith(".tar"))
    return next(places, len(parts) - 1)


def matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Return whether the parts of a path match those of a glob."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        rests = (parts[start:] for start in range(len(parts) + 1))
        return any(matches(rest, pattern[1:] or ("*",)) for rest in rests)
    names, globs = _names(pattern[0])
    first = parts and (parts[0] in names or any(fnmatch(parts[0], glob) for glob in globs))
    return bool(first) and matches(parts[1:], pattern[1:])


@lru_cache(maxsize=64)
def _names(pattern: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the names and the globs that a part of a pattern stands for."""
    every = expand(pattern)
    return frozenset(every), tuple(name for name in every if has_magic(name))
