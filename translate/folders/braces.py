"""Braces in names of files, as shells expand them: ``{000..127}.tar``, ``{a,b}/*.png``."""

import re
from collections.abc import Iterator
from functools import lru_cache
from glob import has_magic
from itertools import islice

from translate.errors import DataError, short_repr

INNERMOST = re.compile(r"\{([^{}]*)\}")
RANGE = re.compile(r"(\d{1,9})\.\.(\d{1,9})", re.ASCII)
MAX_NAMES = 1_000_000
"""largest number of names that one pattern may stand for"""


@lru_cache(maxsize=4)
def expand(pattern: str) -> tuple[str, ...]:
    """Return the names that `pattern` stands for: only `pattern` if it has no braces to expand.

    ``{a,b}`` is a list of names and ``{8..11}`` a range of numbers. If a number of a range begins
    with 0, all numbers are padded to equal length. Any other brace is an ordinary character.

    Raises:
        DataError: The pattern stands for more than `MAX_NAMES` names.
    """
    names = list(islice(_expand(pattern), MAX_NAMES + 1))
    _require_few(len(names), pattern)
    return tuple(dict.fromkeys(names))


def _expand(pattern: str) -> Iterator[str]:
    for match in INNERMOST.finditer(pattern):
        if names := _alternatives(match[1], pattern):
            for name in names:
                yield from _expand(f"{pattern[: match.start()]}{name}{pattern[match.end() :]}")
            return
    yield pattern


def has_braces(pattern: str) -> bool:
    """Return whether `pattern` has braces that are expanded."""
    return any(_alternatives(match[1], pattern) for match in INNERMOST.finditer(pattern))


def is_pattern(text: str) -> bool:
    """Return whether `text` has ``*``, ``?``, ``[`` or braces, so it may stand for many names."""
    return has_magic(text) or has_braces(text)


def _alternatives(text: str, pattern: str) -> list[str]:
    """Return what `text` between braces of `pattern` stands for; [] for neither list nor range."""
    if match := RANGE.fullmatch(text):
        first, last = int(match[1]), int(match[2])
        _require_few(abs(last - first) + 1, pattern)
        padded = any(len(digits) > 1 and digits.startswith("0") for digits in match.groups())
        width = max(map(len, match.groups())) if padded else 1
        step = 1 if last >= first else -1
        return [f"{number:0{width}}" for number in range(first, last + step, step)]
    return text.split(",") if "," in text else []


def _require_few(count: int, pattern: str) -> None:
    if count > MAX_NAMES:
        raise DataError(f"{short_repr(pattern)} stands for over {MAX_NAMES:,} names: use *.")
