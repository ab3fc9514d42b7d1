"""Keep image files that were read for their headers until their pixels are decoded."""

from pathlib import Path
from threading import Lock

from translate.errors import BadImage
from translate.formats import Header
from translate.images.source import EncodedImage

KEPT_BYTES = 256 << 20
"""limit in bytes for all kept files together; other files are read again to be decoded"""


class OpenedFiles:
    """Reads files for their headers, and keeps their bytes until `take`, to decode the pixels."""

    def __init__(self) -> None:
        self._files: dict[Path, EncodedImage] = {}
        self._bytes = 0
        self._lock = Lock()

    def read(self, path: Path) -> EncodedImage:
        """Return the file at `path`, and keep it within `KEPT_BYTES`; raises `BadImage`."""
        if (kept_image := self._files.get(path)) is not None:
            return kept_image
        image = EncodedImage.open(path)
        with self._lock:
            if path not in self._files and self._bytes + len(image.data) <= KEPT_BYTES:
                self._files[path] = image
                self._bytes += len(image.data)
        return image

    def header(self, path: Path) -> Header | None:
        """Return the header of the file at `path`; None if it cannot be read."""
        try:
            return self.read(path).header
        except BadImage:
            return None

    def take(self, path: Path) -> EncodedImage:
        """Return the file at `path`, and stop keeping it; raises `BadImage`."""
        with self._lock:
            if (kept_image := self._files.pop(path, None)) is not None:
                self._bytes -= len(kept_image.data)
        return kept_image or EncodedImage.open(path)
