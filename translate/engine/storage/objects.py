"""An object store as a storage, through fsspec: ``s3://``, ``gs://``, ``memory://`` and others."""

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from io import BufferedRandom
from pathlib import Path
from typing import Any

from translate.engine.disk import folders, partial_files, scratch
from translate.engine.disk.records import json_files
from translate.engine.objects.errors import as_os_errors
from translate.engine.objects.files import ObjectFiles, open_files
from translate.engine.objects.listing import Entry, ObjectListing
from translate.engine.storage.object_lines import BufferedObjectLines, DurableObjectLines
from translate.engine.storage.storage import Lines, Listing
from translate.engine.system.locations import UrlPath
from translate.errors import BadImage, UnreachableImage
from translate.images.files.tar_files import find_member, find_tar, read_member
from translate.images.files.tar_index import SUFFIX
from translate.images.files.tar_objects import open_tar
from translate.images.source import EncodedImage

ATOMIC = {"abfs", "abfss", "adl", "az", "gcs", "gs", "memory", "oci", "oss", "s3", "s3a"}
"""schemes of stores with objects that are complete or absent"""
BLOCKS = {
    "block_size": 4 << 20, "cache_type": "blockcache", "cache_options": {"maxblocks": 16}
}  # fmt: skip
"""options for objects that are read in parts: bytes of a request, and blocks kept in memory"""


@cache
def open_store(scheme: str, host: str) -> "ObjectStore":
    """Return the storage of URLs that begin with `scheme` and `host`.

    Raises:
        ConfigError: There is no such scheme, or a package for it is missing.
    """
    return ObjectStore(open_files(scheme, host), is_atomic=scheme in ATOMIC)


class ObjectStore:
    """Files behind fsspec; see `translate.engine.storage.storage.Storage`."""

    is_local = False
    threads = 16

    def __init__(self, files: ObjectFiles, *, is_atomic: bool) -> None:
        self._files, self._writer = files, ObjectWriter(files.system, is_atomic)

    # -- read ---------------------------------------------------------------------------------

    def exists(self, path: Path) -> bool:
        return self._files.exists(path)

    def listing(self) -> Listing:
        return ObjectListing(self.entries)

    def is_folder(self, path: Path) -> bool:
        return self._files.is_folder(path)

    def open_image(self, path: Path, *, max_pixels: int, advice: str = "") -> EncodedImage:
        try:
            data = self._read(path)
        except FileNotFoundError as error:
            raise BadImage(path, "not there") from error
        except OSError as error:
            raise UnreachableImage(path, error.strerror or str(error)) from error
        if not data:
            raise BadImage(path, "an empty file")
        return EncodedImage(str(path), data, max_pixels, advice=advice)

    def open_large(self, path: Path, *, max_pixels: int) -> EncodedImage:
        try:
            if find_member(path):
                return self.open_image(path, max_pixels=max_pixels)
            file = self._files.open_file(path, **BLOCKS)
            identify = partial(self._files.version, path)
            return EncodedImage.from_open_file(path, file, identify, max_pixels=max_pixels)
        except FileNotFoundError as error:
            raise BadImage(path, "not there") from error
        except OSError as error:
            raise UnreachableImage(path, error.strerror or str(error)) from error

    def _read(self, path: Path) -> bytes:
        data = read_member(path) if SUFFIX in path.as_posix().lower() else None
        return self._files.read(path) if data is None else data

    def sha256(self, path: Path) -> str:
        return sha256(self._read(path)).hexdigest()

    def read_lines(self, path: Path) -> Iterator[dict[str, Any]]:
        data = b""
        with json_files.readable(path), suppress(FileNotFoundError):
            data = self._read(path)
        for line in data.splitlines():
            with suppress(ValueError):  # damaged
                yield json_files.parse(line)

    def names(self, folder: Path) -> list[str]:
        return sorted(entry.name for entry in self.entries(folder))

    def entries(self, folder: Path) -> Iterator[Entry]:
        """Yield the files in `folder`, which may be in a tar file; see `names`."""
        with json_files.readable(folder), suppress(FileNotFoundError):
            if isinstance(tar := find_tar(folder / "*"), UrlPath):
                members = open_tar(tar).members_in(folder)
                yield from (Entry(name, False, stamp, size) for name, stamp, size in members)
            else:
                yield from (entry for entry in self._files.entries(folder) if not entry.is_folder)

    # -- write --------------------------------------------------------------------------------

    def ensure_writable(self, folder: Path) -> None:
        probe = partial_files.temporary_file(folder / ".translate" / "probe")
        try:
            self.replace(probe, b"probe")
            self.discard(probe)
        except OSError as error:
            raise folders.unwritable_error(folder, error) from error

    def replace(self, path: Path, data: bytes) -> None:
        self._writer.write(path, data, new=False)

    def write(self, path: Path, data: bytes, *, new: bool) -> str | None:
        answer = self._writer.write(path, data, new=new)
        if isinstance(answer, Mapping):  # S3's answer to the PUT itself
            return self._files.stamp_of({"size": len(data), **answer})
        return self.stamp(path)

    @contextmanager
    def open_atomically(self, path: Path, *, new: bool) -> Iterator[BufferedRandom]:
        with scratch.temporary_file_with_name() as file:
            yield file
            file.flush()
            self._writer.upload(path, file.name, new=new)

    def stamp(self, path: Path) -> str | None:
        with suppress(OSError):
            return self._files.version(path)[1]
        return None

    def discard(self, path: Path) -> None:
        with suppress(FileNotFoundError), as_os_errors(path):
            self._files.system.rm_file(str(path))

    def durable_lines(self, path: Path) -> Lines:
        return DurableObjectLines(path, self.replace)

    def lines(self, path: Path) -> Lines:
        return BufferedObjectLines(path, self.replace)

    @contextmanager
    def share(self, path: Path, begin: Callable[[bool | None], None]) -> Iterator[None]:  # noqa: ARG002
        begin(None)
        yield

    def limits(self, folder: Path) -> list[str]:  # noqa: ARG002
        return []


@dataclass(frozen=True)
class ObjectWriter:
    """Writes to a file system of fsspec.

    If the file system is not atomic, such as ``sftp://``, a file first gets a temporary name.
    """

    files: Any
    is_atomic: bool

    def write(self, path: Path, data: bytes, *, new: bool) -> Any:
        """Write `data` and return the response of the store; raises `OSError`.

        A `new` object must not exist yet: else `FileExistsError` is raised.
        """
        return self._send(path, lambda name, **mode: self.files.pipe_file(name, data, **mode), new)

    def upload(self, path: Path, file: str, *, new: bool) -> None:
        """Write the content of a file of this machine, in several parts; see `write`."""
        self._send(path, lambda name, **mode: self.files.put_file(file, name, **mode), new)

    def _send(self, path: Path, send: Callable[..., Any], new: bool) -> Any:
        with as_os_errors(path):
            if self.is_atomic:
                return send(str(path), **({"mode": "create"} if new else {}))
            if new and self.files.exists(str(path)):
                raise FileExistsError(errno.EEXIST, "it exists", str(path))
            self.files.makedirs(str(path.parent), exist_ok=True)
            part = str(partial_files.temporary_file(path))
            try:
                send(part)
                self.files.mv(part, str(path))
            except BaseException:
                with suppress(Exception):
                    self.files.rm_file(part)
                raise
        return None
