"""The content of an image file: read once, then hashed, described and decoded from memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Self

from translate.images import metadata
from translate.images.decode import MAX_PIXELS, Pixels, pixels_from_decoded, read_bytes
from translate.images.decoded import Decoded, guarded
from translate.images.decoders import Frames
from translate.images.headers import Header

Window = tuple[int, int, int, int]
"""top, left, height and width of a part of an upright image"""


@dataclass(frozen=True)
class EncodedImage:
    """The bytes of an image file, from a disk, an upload or an archive.

    Hash, header and pixels all come from these bytes, so that a file that changes in the meantime
    is never recorded as what it was.

    Args:
        name: what errors call the image; the path of a file.
        data: the content of the file.
        max_pixels: how many pixels a frame may have.
    """

    name: str
    data: bytes = field(repr=False)
    max_pixels: int = MAX_PIXELS

    @classmethod
    def open(cls, path: Path, *, max_pixels: int = MAX_PIXELS) -> Self:
        """Read the file at `path`, whole; raises `BadImage`."""
        return cls(str(path), read_bytes(path), max_pixels)

    @property
    def path(self) -> Path:
        """The name, as a `BadImage` has it."""
        return Path(self.name)

    @cached_property
    def sha256(self) -> str:
        """The hash of the bytes, in hexadecimal."""
        return sha256(self.data).hexdigest()

    @cached_property
    def header(self) -> Header:
        """What the file says of its first frame; no pixel is decoded. Raises `BadImage`."""
        return self._frames.header

    def size(self, frame: int = 0) -> tuple[int, int]:
        """Return the height and width of a frame; raises `BadImage`."""
        return self._frames.size(frame)

    def decode(
        self, *, channels: int | None = None, frame: int = 0, window: Window | None = None
    ) -> Pixels:
        """Return the upright pixels of a frame, opaque: (height, width, channels).

        Args:
            channels: 1 for gray, 3 for RGB; None: what the file has.
            frame: which one of several.
            window: the part of the image to return; None: all of it.

        Returns:
            uint8, or uint16 where the file holds more than 8 bits a channel.

        Raises:
            BadImage: for what cannot be decoded completely, and nothing else.
        """
        decoded = self.decode_layers(frame)
        with guarded(self.path):
            own = 1 if decoded.pixels.ndim == 2 else 3
            pixels = pixels_from_decoded(decoded, channels=channels or own)
            if window is None:
                return pixels
            top, left, height, width = window
            return pixels[top : top + height, left : left + width]

    def decode_layers(self, frame: int = 0) -> Decoded:
        """Return the pixels, the opacity and the palette indices of a frame; raises `BadImage`."""
        return self._frames.decode(frame)

    def metadata(self, channels: int, *, private: bool) -> Mapping[str, bytes]:
        """Return what is saved with an output of so many channels; raises `BadImage`."""
        return metadata.of(self.data, self.path, channels, self.max_pixels, private=private)

    @cached_property
    def _frames(self) -> Frames:
        return Frames(self.data, self.path, self.max_pixels)
