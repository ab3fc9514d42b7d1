"""Tar files in object stores: the headers are read once, and then each member by its offset.

No tar file is kept in memory completely, and none is copied to the disk.
"""

import errno
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from threading import Lock

from translate.engine.objects.files import ObjectFiles, open_files
from translate.engine.system.locations import UrlPath
from translate.images.files.tar_index import TarIndex, is_header_of, read_headers

HEADER_REQUESTS = {"block_size": 256 << 10, "cache_type": "readahead"}
"""options of fsspec for reading headers: a request of 256 KiB has those of several small members"""
Version = tuple[int, str | None]
"""size of an object in bytes, and a text that changes with its content"""


class TarObject:
    """A tar file in a store, for several threads; its headers are read again if it changes."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = UrlPath(path), Lock()
        self._last_read: tuple[Version, TarIndex] | None = None
        """the last version that was read, and its members"""

    @property
    def _files(self) -> ObjectFiles:
        return open_files(self._path.scheme, self._path.host)

    def exists(self) -> bool:
        """Return whether the tar file exists; raises `OSError`."""
        return self._last_read is not None or self._files.is_file(self._path)

    def index(self, *, check_version: bool = True) -> TarIndex:
        """Return the members; raises `OSError`.

        Args:
            check_version: Ask the store whether the tar file has changed since it was read.
        """
        _, index = (
            self._last_read if self._last_read and not check_version else self._current_index()
        )
        return index

    def _current_index(self) -> tuple[Version, TarIndex]:
        with self._lock:
            version = self._files.version(self._path)
            if self._last_read is None or self._last_read[0] != version:
                with self._files.open_file(self._path, **HEADER_REQUESTS) as file:
                    self._last_read = version, read_headers(file, self._path, version[0])
            return self._last_read

    def members_in(self, folder: Path) -> Iterator[tuple[str, str | None, int]]:
        """Yield the name, stamp and size of each member in a folder, or in the tar file itself.

        Raises:
            OSError: The store fails.
        """
        (_, stamp), index = self._current_index()
        for path, (start, size) in index.members.items():
            if path.parent == folder:
                yield path.name, f"{stamp}@{start}" if stamp else None, size

    def read(self, member: Path) -> bytes | None:
        """Return the content of a member by one request; None if there is no such member.

        The request includes the header before the content. If it is not the header of the member,
        the tar file has changed, and its headers are read again.

        Raises:
            OSError: The store fails, or the tar file changes again.
        """
        for check_version in (False, True):
            place = self.index(check_version=check_version).members.get(member)
            if place is None:
                return None
            start = place.start - tarfile.BLOCKSIZE
            data = self._files.read(self._path, start, place.start + place.size)
            header, content = data[: tarfile.BLOCKSIZE], data[tarfile.BLOCKSIZE :]
            if len(content) == place.size and is_header_of(header, member, place.size):
                return content
        raise OSError(errno.EIO, "it changed while it was read", str(self._path))


@cache
def open_tar(path: Path) -> TarObject:
    """Return the tar file at `path`, always the same object for the same path."""
    return TarObject(path)
