"""Braces in names of files, as shells expand them: ``{000..127}.tar``, ``{a,b}/*.png``."""

import re
from collections.abc import Iterator
from functools import lru_cache
from glob import has_magic
from itertools import islice

from translate.errors import DataError, short_repr

INNERMOST = re.compile(r"\{([^{}]*)\}")
RANGE = re.compile(r"(\d{1,9})\.\.(\d{1,9})", re.ASCII)
MOST = 1_000_000
"""names of one pattern"""


@lru_cache(maxsize=4)
def expand(pattern: str) -> tuple[str, ...]:
    """Return the names that `pattern` stands for; itself, if it has no braces to expand.

    ``{a,b}`` is a list and ``{8..11}`` a range of numbers, with equal numbers of digits where one
    begins with 0. Other braces are characters as all are.

    Raises:
        DataError: It stands for more than a million names.
    """
    names = list(islice(_expand(pattern), MOST + 1))
    _require_few(len(names), pattern)
    return tuple(dict.fromkeys(names))


def _expand(pattern: str) -> Iterator[str]:
    for match in INNERMOST.finditer(pattern):
        if parts := _alternatives(match[1], pattern):
            for part in parts:
                yield from _expand(f"{pattern[: match.start()]}{part}{pattern[match.end() :]}")
            return
    yield pattern


def has_braces(pattern: str) -> bool:
    """Return whether `pattern` has braces that are expanded."""
    return any(_alternatives(match[1], pattern) for match in INNERMOST.finditer(pattern))


def is_pattern(text: str) -> bool:
    """Return whether `text` may stand for several names: it has ``*``, ``?``, ``[`` or braces."""
    return has_magic(text) or has_braces(text)


def _alternatives(inside: str, pattern: str) -> list[str]:
    """Return what the text between two braces stands for; nothing if these are characters."""
    if match := RANGE.fullmatch(inside):
        first, last = int(match[1]), int(match[2])
        _require_few(abs(last - first) + 1, pattern)
        padded = any(len(text) > 1 and text.startswith("0") for text in match.groups())
        width = max(map(len, match.groups())) if padded else 1
        step = 1 if last >= first else -1
        return [f"{number:0{width}}" for number in range(first, last + step, step)]
    return inside.split(",") if "," in inside else []


def _require_few(count: int, pattern: str) -> None:
    if count > MOST:
        raise DataError(f"{short_repr(pattern)} stands for over {MOST:,} names: use * instead.")
