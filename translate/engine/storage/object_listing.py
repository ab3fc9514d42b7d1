"""What a store of objects lists: names, folders, and stamps that change with the content."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

RECENT = 3
"""folders of which the listing is kept: of an image, its mask and its output"""


class Entry(NamedTuple):
    """An object, or a folder of objects."""

    name: str
    is_folder: bool
    stamp: str | None
    """see `translate.engine.storage.stamps`"""
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
