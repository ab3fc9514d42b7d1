"""Listings of an object store: names, folders, sizes and stamps.

A stamp identifies the version of a file: it changes whenever the content does.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

Facts = Mapping[str, Any]
"""the metadata of a file that fsspec returns"""
StampOf = Callable[[Facts], str | None]
RECENT = 3
"""number of folders whose listings are kept: those of images, masks and outputs"""


class Entry(NamedTuple):
    """An object, or a folder of objects."""

    name: str
    is_folder: bool
    stamp: str | None
    """identifies the version of its content; None if the store does not say"""
    size: int
    """bytes"""


class ObjectListing:
    """The files of a store, for which each folder is listed once."""

    def __init__(self, list_files: Callable[[Path], Iterable[Entry]]) -> None:
        self._list = list_files
        self._known: dict[Path, dict[str, Entry]] = {}

    def exists(self, path: Path) -> bool:
        return path.name in self._files_of(path.parent)

    def size(self, path: Path) -> int | None:
        entry = self._files_of(path.parent).get(path.name)
        return entry.size if entry else None

    def stamp(self, path: Path) -> str | None:
        entry = self._files_of(path.parent).get(path.name)
        return entry.stamp if entry else None

    def _files_of(self, folder: Path) -> dict[str, Entry]:
        if folder not in self._known:
            if len(self._known) == RECENT:
                del self._known[next(iter(self._known))]  # files come folder by folder
            self._known[folder] = {entry.name: entry for entry in self._list(folder)}
        return self._known[folder]


def entity_tag(facts: Facts) -> str | None:
    """Return the size and the entity tag (ETag) of an object; None where the store has no tags.

    The modification time is not used: two versions may be written within the clock's resolution.
    """
    tag = facts.get("ETag") or facts.get("etag")
    return f"{facts['size']}-{str(tag).strip(chr(34))}" if tag else None


def time_of_creation(facts: Facts) -> str | None:
    """Return the size and the time of creation, in microseconds, of a ``memory://`` file."""
    time = facts["created"]
    return f"{facts['size']}-{time.timestamp() if isinstance(time, datetime) else time}"
