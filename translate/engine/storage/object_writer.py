"""Writes objects atomically: an object is complete or absent."""

import errno
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from translate.engine.disk import partial_files
from translate.engine.objects.errors import as_os_errors


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
