"""The local disk as a storage."""

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from hashlib import file_digest
from io import BufferedRandom
from pathlib import Path
from threading import Lock
from typing import Any

from translate.engine.disk import file_system, files, folders, locks
from translate.engine.disk.records import json_files
from translate.engine.storage.storage import Lines, Listing
from translate.images.source import EncodedImage


@dataclass
class DurableLines:
    """Adds records to a file from several threads; `add` returns when the record is durable."""

    path: Path
    line_count: int = 0
    durable_count: int = 0
    add_lock: Lock = field(default_factory=Lock)
    sync_lock: Lock = field(default_factory=Lock)

    def add(self, record: Mapping[str, Any]) -> None:
        """Add `record`; threads that wait at the same time share one sync."""
        with self.add_lock:
            files.append(self.path, record)
            self.line_count += 1
            number = self.line_count
        with self.sync_lock:
            if self.durable_count < number:
                line_count = self.line_count
                files.sync(self.path, name=not self.durable_count)
                self.durable_count = line_count

    def close(self) -> None:
        """Do nothing: each line is durable."""


@dataclass(frozen=True)
class AppendedLines:
    """Adds records to a file without fsync."""

    path: Path

    def add(self, record: Mapping[str, Any]) -> None:
        files.append(self.path, record)

    def close(self) -> None:
        """Do nothing: each line has been written."""


class LocalListing:
    """The files of the local disk, which are compared by hash."""

    def __init__(self) -> None:
        self._folder, self._folder_exists = "", False

    def exists(self, path: Path) -> bool:
        name = str(path)
        if (parent := name.rpartition(os.sep)[0]) != self._folder:
            self._folder = parent
            self._folder_exists = not parent or os.path.isdir(parent)  # noqa: PTH112
        return self._folder_exists and os.path.exists(name)  # noqa: PTH110 - faster, for millions

    def size(self, path: Path) -> int | None:
        return path.stat().st_size if self.exists(path) else None

    def stamp(self, path: Path) -> None:
        """Return None: files are hashed."""

    def stamps(self, folder: Path) -> Iterator[tuple[str, str | None]]:
        return ((entry.name, None) for entry in os.scandir(folder) if entry.is_file())


class LocalStorage:
    """The local disk; see `translate.engine.storage.storage.Storage`."""

    is_local = True
    threads = 0

    def exists(self, path: Path) -> bool:
        try:
            return path.exists()
        except OSError:
            return False  # a name that is too long, or missing rights: writing reports it

    def listing(self) -> Listing:
        return LocalListing()

    def is_folder(self, path: Path) -> bool:
        return path.is_dir()

    def open_image(self, path: Path, *, max_pixels: int, advice: str = "") -> EncodedImage:
        return EncodedImage.open(path, max_pixels=max_pixels, advice=advice)

    def open_large(self, path: Path, *, max_pixels: int) -> EncodedImage:
        return EncodedImage.open_file(path, max_pixels=max_pixels)

    def sha256(self, path: Path) -> str:
        with json_files.open_regular(path) as file:
            return file_digest(file, "sha256").hexdigest()

    def read_lines(self, path: Path) -> Iterator[dict[str, Any]]:
        return json_files.iterate_lines(path)

    def names(self, folder: Path) -> list[str]:
        with json_files.readable(folder), suppress(FileNotFoundError):
            return sorted(os.listdir(folder))  # noqa: PTH208 - raises OSError, unlike glob
        return []

    def ensure_writable(self, folder: Path) -> None:
        folders.ensure_writable(folder)

    def replace(self, path: Path, data: bytes) -> None:
        files.replace(path, data)

    def write(self, path: Path, data: bytes, *, new: bool) -> None:
        if new and self.exists(path):
            raise FileExistsError(errno.EEXIST, "it exists", str(path))
        files.replace(path, data)

    def open_atomically(
        self,
        path: Path,
        *,
        new: bool,  # noqa: ARG002
    ) -> AbstractContextManager[BufferedRandom]:
        return files.open_atomically(path)

    def stamp(self, path: Path) -> None:
        """Return None: files are hashed."""

    def discard(self, path: Path) -> None:
        files.discard(path)

    def durable_lines(self, path: Path) -> Lines:
        return DurableLines(path)

    def lines(self, path: Path) -> Lines:
        return AppendedLines(path)

    def share(
        self, path: Path, begin: Callable[[bool | None], None]
    ) -> AbstractContextManager[None]:
        return locks.shared_lock(path, begin)

    def limits(self, folder: Path) -> list[str]:
        return file_system.unsupported_operations(folder)


LOCAL = LocalStorage()
