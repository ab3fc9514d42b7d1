"""A view of the files of an object store, for which each folder is listed once."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from translate.engine.objects.listing import Entry

RECENT = 3
"""number of folders whose listings are kept: one each of images, masks and outputs"""


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

    def stamps(self, folder: Path) -> Iterator[tuple[str, str | None]]:
        return ((entry.name, entry.stamp) for entry in self._list(folder))

    def _files_of(self, folder: Path) -> dict[str, Entry]:
        if folder not in self._known:
            if len(self._known) == RECENT:
                del self._known[next(iter(self._known))]  # files come folder by folder
            self._known[folder] = {entry.name: entry for entry in self._list(folder)}
        return self._known[folder]
