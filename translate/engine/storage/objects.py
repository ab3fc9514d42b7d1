"""An object store as a storage, through fsspec: ``s3://``, ``gs://``, ``memory://`` and others."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from io import BufferedRandom
from pathlib import Path
from typing import Any

from translate.engine.disk import folders, partial_files, scratch
from translate.engine.disk.records import json_files
from translate.engine.storage.object_errors import as_os_errors
from translate.engine.storage.object_lines import BufferedObjectLines, DurableObjectLines
from translate.engine.storage.object_listing import (
    Entry,
    Facts,
    ObjectListing,
    StampOf,
    entity_tag,
    time_of_creation,
)
from translate.engine.storage.object_writer import ObjectWriter
from translate.engine.storage.storage import Lines, Listing
from translate.errors import BadImage, ConfigError, UnreachableImage, require_package
from translate.folders.names import is_hidden
from translate.folders.walk import Siblings, add_file, folded
from translate.images.files.format_registry import image_suffixes
from translate.images.source import EncodedImage

ATOMIC = {"abfs", "abfss", "adl", "az", "gcs", "gs", "memory", "oci", "oss", "s3", "s3a"}
"""schemes of stores in which an object is complete or absent"""
OPTIONS = {scheme: {"max_concurrency": 1} for scheme in ("s3", "s3a")}
"""options of fsspec by scheme; more concurrency costs a request for the size of each file"""
BLOCKS = {
    "block_size": 4 << 20, "cache_type": "blockcache", "cache_options": {"maxblocks": 16}
}  # fmt: skip
"""options for objects that are read in parts: bytes of a request, and blocks kept in memory"""
UNNAMED = {"", ".", ".."}
"""parts of keys that no path can have"""


@cache
def open_store(scheme: str, host: str) -> "ObjectStore":
    """Return the storage of URLs that begin with `scheme` and `host`.

    Raises:
        ConfigError: There is no such scheme, or a package for it is missing.
    """
    require_package("fsspec", "remote")
    from fsspec.core import url_to_fs

    try:
        file_system, _ = url_to_fs(f"{scheme}://{host}", **OPTIONS.get(scheme, {}))
    except ImportError as error:
        advice = 'pip install "translate-kit[remote]"' if scheme in ("s3", "s3a") else str(error)
        raise ConfigError(f"{scheme}:// needs a package that is not installed: {advice}") from error
    except Exception as error:
        raise ConfigError(f"{scheme}://{host} cannot be opened: {error}") from error
    stamp_of = time_of_creation if scheme == "memory" else entity_tag
    return ObjectStore(file_system, is_atomic=scheme in ATOMIC, stamp_of=stamp_of)


class ObjectStore:
    """Files behind fsspec; see `translate.engine.storage.storage.Storage`."""

    is_local = False
    threads = 16

    def __init__(self, file_system: Any, *, is_atomic: bool, stamp_of: StampOf) -> None:
        self._files, self._stamp_of = file_system, stamp_of
        self._writer = ObjectWriter(file_system, is_atomic)

    # -- read ---------------------------------------------------------------------------------

    def exists(self, path: Path) -> bool:
        with as_os_errors(path):
            return bool(self._files.exists(str(path)))

    def listing(self) -> Listing:
        return ObjectListing(self.entries)

    def is_folder(self, path: Path) -> bool:
        with as_os_errors(path):
            self._files.invalidate_cache()
            return bool(self._files.isdir(str(path)))

    def walk(self, root: Path, *, excluded: Path | None = None) -> Iterator[Siblings]:
        suffixes, pending = image_suffixes(), [[""]]
        while pending:
            siblings, below = Siblings.empty(), dict[str, list[str]]()
            for name in pending.pop():
                folder = root / name
                if excluded and folder.is_relative_to(excluded):
                    continue
                for part, is_folder, *_ in self._list(folder):
                    path = f"{name}/{part}" if name else part
                    if part in UNNAMED:
                        reason = f"keys with the part {part!r} are not read: no path has it"
                        siblings.problems.append(BadImage(folder, reason))
                    elif is_folder and not is_hidden(part):
                        siblings.folders.append(path)
                        below.setdefault(folded(path), []).append(path)
                    elif not is_hidden(part):
                        add_file(siblings, path, suffixes)
            for names in siblings[:3]:
                names.sort()
            yield siblings
            pending += [below[key] for key in sorted(below, reverse=True)]

    def _list(self, folder: Path) -> list[Entry]:
        with as_os_errors(folder):
            self._files.invalidate_cache()  # it takes a kilobyte for each file
            entries = self._files.ls(str(folder), detail=True)
            self._files.invalidate_cache()
        own, result = self._files._strip_protocol(str(folder)).strip("/"), list[Entry]()
        for entry in entries:
            key, is_folder = entry["name"], entry["type"] == "directory"
            if key.endswith("/") and not is_folder:
                continue  # the placeholder of an empty folder
            key = key.removesuffix("/")
            name = "" if key.strip("/") == own else key.rpartition("/")[2]
            stamp = None if is_folder else self._stamp_of(entry)
            result.append(Entry(name, is_folder, stamp, entry.get("size") or 0))
        return result

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
        def identify() -> tuple[int, str | None]:
            with as_os_errors(path):
                facts = self._facts(path)
            return facts["size"], self._stamp_of(facts)

        try:
            with as_os_errors(path):
                file = self._files.open(str(path), "rb", **BLOCKS)
            return EncodedImage.of_file(path, file, identify, max_pixels=max_pixels)
        except FileNotFoundError as error:
            raise BadImage(path, "not there") from error
        except OSError as error:
            raise UnreachableImage(path, error.strerror or str(error)) from error

    def _read(self, path: Path) -> bytes:
        with as_os_errors(path):
            return bytes(self._files.cat_file(str(path)))

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

    def entries(self, folder: Path) -> list[Entry]:
        """Return the files in `folder`; see `names`."""
        with json_files.readable(folder), suppress(FileNotFoundError):
            return [entry for entry in self._list(folder) if not entry.is_folder]
        return []

    # -- write --------------------------------------------------------------------------------

    def ensure_writable(self, folder: Path) -> None:
        probe = partial_files.temporary_file(folder / ".translate" / "probe")
        try:
            self.replace(probe, b"probe")
            self.discard(probe)
        except OSError as error:
            raise folders.unwritable(folder, error) from error

    def replace(self, path: Path, data: bytes) -> None:
        self._writer.write(path, data, new=False)

    def create(self, path: Path, data: bytes) -> None:
        self._writer.write(path, data, new=True)

    def write_stamped(self, path: Path, data: bytes, *, new: bool) -> str | None:
        answer = self._writer.write(path, data, new=new)
        if isinstance(answer, Mapping):  # S3's answer to the PUT itself
            return self._stamp_of({"size": len(data), **answer})
        return self.stamp(path)

    @contextmanager
    def open_atomically(self, path: Path, *, new: bool) -> Iterator[BufferedRandom]:
        with scratch.temporary_file_with_name() as file:
            yield file
            file.flush()
            self._writer.upload(path, file.name, new=new)

    def stamp(self, path: Path) -> str | None:
        with suppress(OSError), as_os_errors(path):
            return self._stamp_of(self._facts(path))
        return None

    def _facts(self, path: Path) -> Facts:
        self._files.invalidate_cache()
        facts: Facts = self._files.info(str(path))
        return facts

    def discard(self, path: Path) -> None:
        with suppress(FileNotFoundError), as_os_errors(path):
            self._files.rm_file(str(path))

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
