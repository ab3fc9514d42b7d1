"""The content of an image file: read once, then hashed, described and decoded from memory.

Pixels are upright and have the dtype of the file; `translate.images.tensors` converts them to
floats in [-1, 1]. An image that cannot be read completely is a `BadImage`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from hashlib import file_digest, sha256
from io import BufferedReader
from pathlib import Path
from typing import Any, Self

import numpy as np

from translate.engine.system.locations import parse_location
from translate.errors import BadImage
from translate.formats import Format, Header, Window, WindowedFormat
from translate.images.files import format_registry
from translate.images.files.file_bytes import identities, read_file, require_content, require_file
from translate.images.files.tar_files import find_tar
from translate.images.layers import WHITE, Layers, Pixels, errors_as_bad_image, split_alpha

MAX_PIXELS = 178_956_970
"""above this number of pixels Pillow raises `DecompressionBombError`, too"""
HEADER_BYTES = 1 << 20
"""bytes of an open file that are read for its header"""
OPEN_FILE = "opened"
"""the key in `EncodedImage.cache` of the function that identifies an open file, and its result"""


@dataclass(frozen=True)
class EncodedImage:
    """The bytes of an image file, from a disk, an upload or an archive.

    Hash, header and pixels all come from these bytes, so they agree even if the file changes.

    Args:
        name: The path of the file, or another name of the image for errors.
        data: The content of the file; its first MiB if there is a `file`.
        max_pixels: The largest number of pixels of a frame.
        file: The open file, if it may be too large for memory: see `open_file`.
    """

    name: str
    data: bytes = field(repr=False)
    max_pixels: int = MAX_PIXELS
    advice: str = field(default="", kw_only=True, repr=False, compare=False)
    """end of the message for too many pixels, if the format can read parts of an image"""
    file: BufferedReader | None = field(default=None, repr=False, compare=False)
    cache: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """what a format keeps between two calls, such as an open decoder, by the format's name"""

    @classmethod
    def open(cls, path: Path, *, max_pixels: int = MAX_PIXELS, advice: str = "") -> Self:
        """Read a file; raises `BadImage` if it does not exist, is empty or cannot be read."""
        return cls.from_bytes(path, read_file(path), max_pixels=max_pixels, advice=advice)

    @classmethod
    def from_bytes(
        cls, path: Path, data: bytes, *, max_pixels: int = MAX_PIXELS, advice: str = ""
    ) -> Self:
        """Return the file at `path` with the content `data`; raises `BadImage` if it is empty."""
        image = cls(str(path), require_content(path, data), max_pixels, advice=advice)
        vars(image)["path"] = path  # the cached property, which need not parse the name
        return image

    @classmethod
    def open_file(cls, path: Path, *, max_pixels: int = MAX_PIXELS) -> Self:
        """Open a file that may be too large for memory, and keep it open until `close`.

        Only the first MiB is read; a format that reads windows reads more from `file`. A member of
        a tar file is read completely, and has no `file`. Raises `BadImage` as `open` does.
        """
        with errors_as_bad_image(path):
            if find_tar(path):
                return cls.from_bytes(path, read_file(path), max_pixels=max_pixels)
            require_file(path)
            file = path.open("rb")
            return cls.from_open_file(
                path, file, partial(identities, file, path), max_pixels=max_pixels
            )

    @classmethod
    def from_open_file(
        cls, path: Path, file: BufferedReader, identify: Callable[[], object], *, max_pixels: int
    ) -> Self:
        """Return the image in the open `file`, which is closed if it cannot be read.

        The result of `identify` changes if the file is changed or replaced. Raises `BadImage` if
        the file is empty.
        """
        try:
            data = require_content(path, file.read(HEADER_BYTES))
            image = cls(str(path), data, max_pixels, file)
            image.cache[OPEN_FILE] = identify, identify()
        except BaseException:
            file.close()
            raise
        return image

    def close(self) -> None:
        """Close the `file`, if there is one."""
        if self.file is not None:
            self.file.close()

    def read_completely(self, *, max_pixels: int = MAX_PIXELS) -> Self:
        """Return the image with the content of its open file in memory, and close the file."""
        if self.file is None:
            return type(self).from_bytes(self.path, self.data, max_pixels=max_pixels)
        with errors_as_bad_image(self.path), self.file as file:
            file.seek(0)
            return type(self).from_bytes(self.path, file.read(), max_pixels=max_pixels)

    def verify_unchanged(self) -> None:
        """Raise `BadImage` if the open file was changed or replaced since `open_file`."""
        if self.file is None:
            return
        with errors_as_bad_image(self.path):
            identify, opened = self.cache[OPEN_FILE]
            if identify() != opened:
                raise BadImage(self.path, "changed while it was read")

    @property
    def has_windows(self) -> bool:
        """Whether the format can read and write parts of an image; raises `BadImage`."""
        return isinstance(self._detected[0], WindowedFormat)

    @property
    def suffix(self) -> str:
        """A suffix of the detected format, whatever the file is called; raises `BadImage`."""
        image_format, header = self._detected
        suffixes = image_format.suffixes
        suffix = f".{header.format.lower()}"
        return suffix if suffix in suffixes else min(image_format.writes or suffixes, default="")

    @cached_property
    def path(self) -> Path:
        """The name as a path, for `BadImage`."""
        return parse_location(self.name)

    @cached_property
    def sha256(self) -> str:
        """The hash of the bytes, in hexadecimal; raises `BadImage` if they cannot be read."""
        if self.file is None:
            return sha256(self.data).hexdigest()
        with errors_as_bad_image(self.path):
            self.file.seek(0)
            return file_digest(self.file, "sha256").hexdigest()

    @property
    def header(self) -> Header:
        """The header of the first frame; no pixel is decoded. Raises `BadImage`."""
        return self._detected[1]

    def header_of(self, frame: int) -> Header:
        """Return the header of a frame; raises `BadImage`."""
        image_format, first_header = self._detected
        if not frame or not first_header.pages:
            return first_header
        with errors_as_bad_image(self.path):
            header = image_format.probe(self, frame)
            if header is None:
                raise ValueError(f"its frame {frame + 1} is of another format")
            return self._require_few_pixels(image_format, header)

    def decode(
        self, *, channels: int | None = None, frame: int = 0, window: Window | None = None
    ) -> Pixels:
        """Return the upright pixels of a frame, composited over white.

        Args:
            channels: 1 for gray, 3 for RGB; None: as the file, without alpha.
            frame: Index of the frame.
            window: The part of the image to return; None: all of it.

        Returns:
            (height, width, channels), of the file's dtype.

        Raises:
            BadImage: The frame cannot be decoded completely; nothing else is raised.
        """
        layers = self.decode_layers(frame, window)
        with errors_as_bad_image(self.path):
            return layers.flatten(channels or (1 if layers.pixels.ndim == 2 else 3))

    def decode_layers(self, frame: int = 0, window: Window | None = None) -> Layers:
        """Return the pixels, alpha and palette indices of a frame; raises `BadImage`."""
        header = self.header_of(frame)
        with errors_as_bad_image(self.path):
            layers = self._detected[0].read(self, frame, window)
            if not isinstance(layers, Layers):
                layers = split_alpha(layers, alpha=header.alpha)
            size = (window.height, window.width) if window else header.size
            if layers.pixels.shape[:2] != size:
                raise ValueError(f"{layers.pixels.shape[:2]} pixels were decoded, {size} announced")
            if layers.pixels.dtype not in WHITE:
                dtypes = ", ".join(map(str, WHITE))
                raise ValueError(f"{layers.pixels.dtype} was decoded: expected {dtypes}")
            if layers.pixels.dtype.kind == "f" and not np.isfinite(layers.pixels).all():
                raise ValueError("not all values are finite")
            return layers

    @cached_property
    def _detected(self) -> tuple[Format, Header]:
        image_format, header = format_registry.detect(self)
        with errors_as_bad_image(self.path):
            return image_format, self._require_few_pixels(image_format, header)

    def _require_few_pixels(self, image_format: Format, header: Header) -> Header:
        if header.size[0] * header.size[1] > self.max_pixels:
            advice = self.advice if isinstance(image_format, WindowedFormat) else ""
            raise ValueError(f"more than {self.max_pixels:,} pixels{advice}")
        return header


def read_image(
    path: Path, *, channels: int = 3, max_pixels: int = MAX_PIXELS, frame: int = 0
) -> Pixels:
    """Return the pixels of an image file, upright and composited over white.

    Args:
        path: The file.
        channels: 1 for gray, 3 for RGB.
        max_pixels: The largest number of pixels that is decoded.
        frame: Index of the frame or page.

    Returns:
        (H, W, channels), of the file's dtype.

    Raises:
        BadImage: The file cannot be decoded completely; nothing else is raised.
    """
    return EncodedImage.open(path, max_pixels=max_pixels).decode(channels=channels, frame=frame)
