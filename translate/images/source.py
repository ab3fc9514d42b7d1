"""The content of an image file: read once, then hashed, described and decoded from memory.

Pixels are upright numbers of the file's type until `translate.images.tensors` makes them floats in
[-1, 1]. What a file loses by this is in `Header.notes`. What cannot be read completely is a
`BadImage`.
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
from translate.images.files.file_bytes import identities, not_empty, read_file, require_file
from translate.images.files.tar_files import find_tar
from translate.images.layers import WHITE, Layers, Pixels, guarded, split_alpha

MAX_PIXELS = 178_956_970
HEAD = 1 << 20
"""bytes of an open file that are read for its header"""


@dataclass(frozen=True)
class EncodedImage:
    """The bytes of an image file, from a disk, an upload or an archive.

    Hash, header and pixels all come from these bytes, so that a file that changes in the meantime
    is never recorded as what it was.

    Args:
        name: what errors call the image; the path of a file.
        data: the content of the file; its first MiB where there is a `file`.
        max_pixels: how many pixels a frame may have.
        file: the open file, where it may be too large for memory: see `open_file`.
    """

    name: str
    data: bytes = field(repr=False)
    max_pixels: int = MAX_PIXELS
    advice: str = field(default="", kw_only=True, repr=False, compare=False)
    """what follows the refusal of an image of more pixels in a format that has windows"""
    file: BufferedReader | None = field(default=None, repr=False, compare=False)
    cache: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """what a format keeps between two calls, such as an open decoder, under its own name"""

    @classmethod
    def open(cls, path: Path, *, max_pixels: int = MAX_PIXELS, advice: str = "") -> Self:
        """Read a file; raises `BadImage` if it does not exist, is empty or cannot be read."""
        return cls.of(path, read_file(path), max_pixels=max_pixels, advice=advice)

    @classmethod
    def of(cls, path: Path, data: bytes, *, max_pixels: int = MAX_PIXELS, advice: str = "") -> Self:
        """Return the file at `path`, of which the content `data` is in memory.

        Raises:
            BadImage: It is empty.
        """
        image = cls(str(path), not_empty(path, data), max_pixels, advice=advice)
        vars(image)["path"] = path  # the cached property, which need not parse the name
        return image

    @classmethod
    def open_file(cls, path: Path, *, max_pixels: int = MAX_PIXELS) -> Self:
        """Open a file that may be too large for memory, and keep it open until `close`.

        Only its first MiB is read. A format that reads windows reads the others from `file`. A
        member of a tar file is read whole, without a `file`. Raises `BadImage` as `open` does.
        """
        with guarded(path):
            if find_tar(path):
                return cls.of(path, read_file(path), max_pixels=max_pixels)
            require_file(path)
            file = path.open("rb")
            return cls.of_file(path, file, partial(identities, file, path), max_pixels=max_pixels)

    @classmethod
    def of_file(
        cls, path: Path, file: BufferedReader, identify: Callable[[], object], *, max_pixels: int
    ) -> Self:
        """Return the image in the open `file`, which is closed if it cannot be read.

        `identify` returns something else once the file was changed or replaced. Raises `BadImage`
        if it is empty.
        """
        try:
            image = cls(str(path), not_empty(path, file.read(HEAD)), max_pixels, file)
            image.cache[OPENED] = identify, identify()
        except BaseException:
            file.close()
            raise
        return image

    def close(self) -> None:
        """Close the `file`, if there is one."""
        if self.file is not None:
            self.file.close()

    def verify_unchanged(self) -> None:
        """Raise `BadImage` if the open file was changed or replaced since `open_file`."""
        if self.file is None:
            return
        with guarded(self.path):
            identify, opened = self.cache[OPENED]
            if identify() != opened:
                raise BadImage(self.path, "changed while it was read")

    @property
    def has_windows(self) -> bool:
        """Whether its format reads and writes windows; raises `BadImage`."""
        return isinstance(self._detected[0], WindowedFormat)

    @property
    def suffix(self) -> str:
        """The suffix of files of its format, whatever its name is; raises `BadImage`."""
        form, header = self._detected
        usual = f".{header.format.lower()}"
        return usual if usual in form.suffixes else min(form.writes or form.suffixes, default="")

    @cached_property
    def path(self) -> Path:
        """The name, as a `BadImage` has it."""
        return parse_location(self.name)

    @cached_property
    def sha256(self) -> str:
        """The hash of the bytes, in hexadecimal; raises `BadImage` if they cannot be read."""
        if self.file is None:
            return sha256(self.data).hexdigest()
        with guarded(self.path):
            self.file.seek(0)
            return file_digest(self.file, "sha256").hexdigest()

    @property
    def header(self) -> Header:
        """The header of the first frame; no pixel is decoded. Raises `BadImage`."""
        return self._detected[1]

    def header_of(self, frame: int) -> Header:
        """Return what the file says of a frame; raises `BadImage`."""
        form, first = self._detected
        if not frame or not first.pages:
            return first
        with guarded(self.path):
            result = form.probe(self, frame)
            if result is None:
                raise ValueError(f"its frame {frame + 1} is of another format")
            return self._checked(form, result)

    def decode(
        self, *, channels: int | None = None, frame: int = 0, window: Window | None = None
    ) -> Pixels:
        """Return the upright pixels of a frame, opaque: (height, width, channels).

        Args:
            channels: 1 for gray, 3 for RGB; None: what the file has without transparency.
            frame: which one of several, from 0.
            window: the part of the image to return; None: all of it.

        Returns:
            In the file's type of numbers.

        Raises:
            BadImage: for what cannot be decoded completely, and nothing else.
        """
        layers = self.decode_layers(frame, window)
        with guarded(self.path):
            return layers.flatten(channels or (1 if layers.pixels.ndim == 2 else 3))

    def decode_layers(self, frame: int = 0, window: Window | None = None) -> Layers:
        """Return the pixels, alpha and palette indices of a frame; raises `BadImage`."""
        header = self.header_of(frame)
        with guarded(self.path):
            result = self._detected[0].read(self, frame, window)
            layers = (
                result if isinstance(result, Layers) else split_alpha(result, alpha=header.alpha)
            )
            size = (window.height, window.width) if window else header.size
            if layers.pixels.shape[:2] != size:
                raise ValueError(f"{layers.pixels.shape[:2]} pixels were decoded, {size} announced")
            if layers.pixels.dtype not in WHITE:
                known = ", ".join(map(str, WHITE))
                raise ValueError(f"{layers.pixels.dtype} was decoded: expected {known}")
            if layers.pixels.dtype.kind == "f" and not np.isfinite(layers.pixels).all():
                raise ValueError("not all values are finite")
            return layers

    @cached_property
    def _detected(self) -> tuple[Format, Header]:
        form, header = format_registry.detect(self)
        with guarded(self.path):
            return form, self._checked(form, header)

    def _checked(self, form: Format, header: Header) -> Header:
        if header.size[0] * header.size[1] > self.max_pixels:
            advice = self.advice if isinstance(form, WindowedFormat) else ""
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
        (H, W, channels), in the file's type of numbers.

    Raises:
        BadImage: The file cannot be decoded completely; nothing else is raised.
    """
    return EncodedImage.open(path, max_pixels=max_pixels).decode(channels=channels, frame=frame)


OPENED = "opened"
"""the entry of `EncodedImage.cache` for what identifies an open file, and its first result"""
