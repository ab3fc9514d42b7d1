"""The operations on files that the translation of a folder needs, on a disk or in a store."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from io import BufferedRandom
from pathlib import Path
from typing import Any, Protocol

from translate.images.source import EncodedImage


class Lines(Protocol):
    """A file of JSON lines; several threads add records to it."""

    def add(self, record: Mapping[str, Any]) -> None:
        """Add a record; raises `OSError`."""

    def close(self) -> None:
        """Write all records that are not written yet; raises `OSError`."""


class Listing(Protocol):
    """The files in folders, as they are at the first lookup.

    Only the newest folder is cached, so look up files folder by folder.
    """

    def exists(self, path: Path) -> bool:
        """Return whether there is a file or a folder."""

    def size(self, path: Path) -> int | None:
        """Return the number of bytes of a file; None if it does not exist.

        Raises `CheckpointError` if its folder cannot be listed.
        """

    def stamp(self, path: Path) -> str | None:
        """Return an identifier of the version of a file, such as its entity tag; None if unknown.

        Raises `CheckpointError` if its folder cannot be listed.
        """

    def stamps(self, folder: Path) -> Iterator[tuple[str, str | None]]:
        """Yield the name and the `stamp` of each file in a folder, without caching the listing.

        Raises `CheckpointError` if the folder cannot be listed.
        """


class Storage(Protocol):
    """The local disk, or an object store. Methods raise `OSError` unless documented otherwise."""

    is_local: bool
    """whether this is the disk of this machine, on which files can be read and written in parts"""
    threads: int
    """number of threads that read or write files at once; 0 (local disk): the caller's thread"""

    # -- read ---------------------------------------------------------------------------------

    def exists(self, path: Path) -> bool:
        """Return whether there is a file or a folder."""

    def listing(self) -> Listing:
        """Return a view of many files; each folder is listed once."""

    def is_folder(self, path: Path) -> bool:
        """Return whether there is a folder."""

    def open_image(self, path: Path, *, max_pixels: int, advice: str = "") -> EncodedImage:
        """Read the whole file of an image; raises `BadImage`.

        `advice` is appended to the error about more than `max_pixels` pixels.
        """

    def open_large(self, path: Path, *, max_pixels: int) -> EncodedImage:
        """Open the file of an image without reading it whole; raises `BadImage`."""

    def sha256(self, path: Path) -> str:
        """Return the hash of a file."""

    def read_lines(self, path: Path) -> Iterator[dict[str, Any]]:
        """Yield the JSON objects of a file of lines, without damaged lines.

        A missing file has no lines. Raises `CheckpointError` if the file cannot be read.
        """

    def names(self, folder: Path) -> list[str]:
        """Return the sorted names of the files in `folder`; [] if it does not exist.

        Raises `CheckpointError` if the folder cannot be read.
        """

    # -- write --------------------------------------------------------------------------------

    def ensure_writable(self, folder: Path) -> None:
        """Raise `SaveError` if files in `folder` cannot be written."""

    def replace(self, path: Path, data: bytes) -> None:
        """Write `data` as `path`: at any moment, readers get the previous file or the new one."""

    def write(self, path: Path, data: bytes, *, new: bool) -> str | None:
        """Write `data` as `replace` does; return the `Listing.stamp`, which may need a request.

        With `new`, `FileExistsError` is raised if the file exists.
        """

    def open_atomically(self, path: Path, *, new: bool) -> AbstractContextManager[BufferedRandom]:
        """Return a local file that atomically becomes `path` at the end of the block.

        Nothing is written if the block raises. With `new`, an object store raises
        `FileExistsError` at the end if `path` exists; on the local disk, the caller must have
        checked that it does not.
        """

    def stamp(self, path: Path) -> str | None:
        """Return the `Listing.stamp` of a file that was just written."""

    def discard(self, path: Path) -> None:
        """Delete a file, if it exists."""

    def durable_lines(self, path: Path) -> Lines:
        """Return a file of lines; a record is durable when `add` returns."""

    def lines(self, path: Path) -> Lines:
        """Return a file of lines; records are durable some time after `add`, or after `close`."""

    def share(
        self, path: Path, begin: Callable[[bool | None], None]
    ) -> AbstractContextManager[None]:
        """Share the lock file `path` while the block runs.

        `begin` is called with whether no other process shares the lock; None if that is unknown.
        """

    def limits(self, folder: Path) -> list[str]:
        """Return a line for each operation that the file system of `folder` has refused so far."""
