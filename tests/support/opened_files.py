"""Counts how often the files of a folder are opened for reading."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from audit_events import WRITE_FLAGS

_lock = Lock()
_active: list[tuple[str, Counter[str]]] = []
"""the folders with counted files, and the counts"""


@contextmanager
def counting_opens(folder: Path) -> Iterator[Counter[str]]:
    """Count how often each file below `folder` is opened for reading, by its relative path."""
    _add_hook()
    entry = (f"{folder}{os.sep}", Counter[str]())
    _active.append(entry)
    try:
        yield entry[1]
    finally:
        _active.remove(entry)


@cache
def _add_hook() -> None:
    """Add the audit hook, which cannot be removed, once in the process."""
    sys.addaudithook(_count)


def _count(event: str, arguments: tuple[Any, ...]) -> None:
    if not _active or event != "open" or isinstance(arguments[0], int):
        return
    path, _, flags = arguments
    if flags & (WRITE_FLAGS | os.O_DIRECTORY):
        return
    name = os.fsdecode(path)
    with _lock:
        for folder, counts in _active:
            if name.startswith(folder):
                counts[name.removeprefix(folder)] += 1
