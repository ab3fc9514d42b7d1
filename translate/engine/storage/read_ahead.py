"""Reads files of an object store ahead of their use, in parallel, to hide latency."""

from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path
from threading import Lock

from translate.engine.processes.pool import DaemonThreadPool
from translate.engine.storage.lookup import storage_of
from translate.images.source import MAX_PIXELS, EncodedImage

MAX_FILES_AHEAD = 16
"""largest number of files that are read ahead and not used yet"""


class ReadAhead:
    """Reads `paths` in their order, at most `MAX_FILES_AHEAD` files ahead of their use."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths, self._pool, self._lock = iter(paths), DaemonThreadPool(MAX_FILES_AHEAD), Lock()
        self._pending: dict[Path, Future[EncodedImage]] = {}

    def open_image(
        self, path: Path, *, max_pixels: int = MAX_PIXELS, advice: str = ""
    ) -> EncodedImage:
        """Return the content of a file; raises `BadImage`."""
        with self._lock:
            while len(self._pending) < MAX_FILES_AHEAD and (next_path := next(self._paths, None)):
                if next_path not in self._pending:
                    open_image = storage_of(next_path).open_image
                    self._pending[next_path] = self._pool.submit(
                        open_image, next_path, max_pixels=max_pixels, advice=advice
                    )
            pending = self._pending.pop(path, None)
        if pending:
            return pending.result()
        return storage_of(path).open_image(path, max_pixels=max_pixels, advice=advice)

    def close(self) -> None:
        """Discard the files that were not used."""
        self._pool.abandon()
