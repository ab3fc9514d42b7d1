"""Globs as the parts of a path: what they match, and what their braces name."""

from collections.abc import Sequence
from fnmatch import fnmatch
from functools import lru_cache
from glob import has_magic

from translate.folders.braces import expand, has_braces


def without_wildcards(parts: Sequence[str]) -> dict[str, None]:
    """Return the names without wildcards that the braces of a pattern stand for.

    Of a pattern of members of tar files, these are the names of the tar files.
    """
    pattern = "/".join(parts[: tar_depth(parts) + 1])
    names = expand(pattern) if has_braces(pattern) else ()
    return dict.fromkeys(name for name in names if not has_magic(name))


def tar_depth(parts: Sequence[str]) -> int:
    """Return the index of the first part of a pattern that names tar files; else of the last."""
    indices = (index for index, part in enumerate(parts) if part.lower().endswith(".tar"))
    return next(indices, len(parts) - 1)


def matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Return whether the parts of a path match those of a glob."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        tails = (parts[start:] for start in range(len(parts) + 1))
        return any(matches(tail, pattern[1:] or ("*",)) for tail in tails)
    names, globs = _names_and_globs(pattern[0])
    if not parts or not (parts[0] in names or any(fnmatch(parts[0], glob) for glob in globs)):
        return False
    return matches(parts[1:], pattern[1:])


@lru_cache(maxsize=64)
def _names_and_globs(part: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the names that the braces of `part` expand to, and those of them that are globs."""
    names = expand(part)
    return frozenset(names), tuple(name for name in names if has_magic(name))
