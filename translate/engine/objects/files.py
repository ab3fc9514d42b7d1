"""Files of an object store, for reading: ``s3://``, ``gs://``, ``memory://`` and others."""

import os
from collections.abc import Iterator
from functools import cache
from io import BufferedReader
from pathlib import Path
from typing import Any

from translate.engine.objects.errors import as_os_errors
from translate.engine.objects.listing import (
    Entry,
    Facts,
    Lister,
    StampOf,
    entity_tag,
    list_at_once,
    list_by_page,
    time_of_creation,
    to_entry,
)
from translate.errors import ConfigError, require_package

S3 = ("s3", "s3a")
OPTIONS = {scheme: {"max_concurrency": 1} for scheme in S3}
"""options of fsspec by scheme; more concurrency costs a request for the size of each file"""


class ObjectFiles:
    """The files of a file system of fsspec; methods raise `OSError`."""

    def __init__(
        self, file_system: Any, stamp_of: StampOf = entity_tag, lister: Lister = list_at_once
    ) -> None:
        self.system, self.stamp_of, self._lister = file_system, stamp_of, lister

    def entries(self, folder: Path) -> Iterator[Entry]:
        """Yield the files and folders in `folder`, in the order of the store."""
        with as_os_errors(folder):
            key = self.system._strip_protocol(str(folder)).strip("/")
            for facts in self._lister(self.system, str(folder)):
                if entry := to_entry(facts, key, self.stamp_of):
                    yield entry

    def is_folder(self, path: Path) -> bool:
        """Return whether there is a folder: a store has folders of its files only."""
        with as_os_errors(path):
            self.system.invalidate_cache()
            if self._lister is list_at_once:
                return bool(self.system.isdir(str(path)))
            try:
                return next(self._lister(self.system, str(path)), None) is not None
            except FileNotFoundError:
                return False

    def is_file(self, path: Path) -> bool:
        """Return whether there is a file."""
        with as_os_errors(path):
            self.system.invalidate_cache()
            return bool(self.system.isfile(str(path)))

    def exists(self, path: Path) -> bool:
        """Return whether there is a file or a folder."""
        with as_os_errors(path):
            return bool(self.system.exists(str(path)))

    def facts(self, path: Path) -> Facts:
        """Return the metadata of a file."""
        with as_os_errors(path):
            self.system.invalidate_cache()
            facts: Facts = self.system.info(str(path))
            return facts

    def version(self, path: Path) -> tuple[int, str | None]:
        """Return the size of a file and its stamp."""
        facts = self.facts(path)
        return facts["size"], self.stamp_of(facts)

    def read(self, path: Path, start: int | None = None, end: int | None = None) -> bytes:
        """Return the bytes of a file, or its bytes `start` to ``end - 1``."""
        with as_os_errors(path):
            return bytes(self.system.cat_file(str(path), start=start, end=end))

    def open_file(self, path: Path, **options: Any) -> BufferedReader:
        """Open a file to read it in parts; `options` are passed to fsspec."""
        with as_os_errors(path):
            file: BufferedReader = self.system.open(str(path), "rb", **options)
            return file


def open_files(scheme: str, host: str) -> ObjectFiles:
    """Return the files of URLs that begin with `scheme` and `host`.

    Raises:
        ConfigError: There is no such scheme, or a package for it is missing.
    """
    return open_in_process(scheme, host, os.getpid())  # connections break in a fork


@cache
def open_in_process(scheme: str, host: str, process: int) -> ObjectFiles:  # noqa: ARG001
    """Return the files as `open_files` does, for the process with this number."""
    require_package("fsspec", "remote")
    from fsspec.core import url_to_fs

    try:
        file_system, _ = url_to_fs(f"{scheme}://{host}", **OPTIONS.get(scheme, {}))
    except ImportError as error:
        advice = 'pip install "translate-kit[remote]"' if scheme in S3 else str(error)
        raise ConfigError(f"{scheme}:// needs a package that is not installed: {advice}") from error
    except Exception as error:
        raise ConfigError(f"{scheme}://{host} cannot be opened: {error}") from error
    stamp_of = time_of_creation if scheme == "memory" else entity_tag
    return ObjectFiles(file_system, stamp_of, list_by_page if scheme in S3 else list_at_once)
