"""Reads files of an object store ahead of their use, in parallel, to hide latency."""

from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path
from threading import Lock

from translate.engine.processes.pool import DaemonThreadPool
from translate.engine.storage.lookup import storage_of
from translate.images.source import MAX_PIXELS, EncodedImage

AHEAD = 16
"""largest number of files that are being read, or were read and are not used yet"""


class ReadAhead:
    """Reads `paths` in order, up to `AHEAD` of them ahead."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths, self._pool, self._lock = iter(paths), DaemonThreadPool(AHEAD), Lock()
        self._pending: dict[Path, Future[EncodedImage]] = {}

    def open_image(
        self, path: Path, *, max_pixels: int = MAX_PIXELS, advice: str = ""
    ) -> EncodedImage:
        """Return the content of a file; raises `BadImage`."""
        with self._lock:
            while len(self._pending) < AHEAD and (ahead := next(self._paths, None)):
                if ahead not in self._pending:
                    storage = storage_of(ahead)
                    read = self._pool.submit(
                        storage.open_image, ahead, max_pixels=max_pixels, advice=advice
                    )
                    self._pending[ahead] = read
            pending = self._pending.pop(path, None)
        if pending:
            return pending.result()
        return storage_of(path).open_image(path, max_pixels=max_pixels, advice=advice)

    def close(self) -> None:
        """Discard the files that were not used."""
        self._pool.abandon()
