"""Image formats: what a plugin implements so that files of one more kind are read and written.

A format is chosen by the bytes of a file: the first whose `Format.probe` returns a header reads it.
Formats of other plugins are tried before the built-in ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol, runtime_checkable

from numpy.typing import NDArray

if TYPE_CHECKING:
    from translate.images.layers import Layers
    from translate.images.source import EncodedImage


class Window(NamedTuple):
    """A part of an upright image, in pixels."""

    top: int
    left: int
    height: int
    width: int


class Writable(NamedTuple):
    """The pixels that `Format.write` takes for one suffix."""

    channels: Collection[int]
    """numbers of channels, without that of opacity"""
    dtypes: Collection[str] = ("uint8",)
    """types of numbers, of `translate.batches.DTYPES`"""
    alpha: bool = False
    """whether one channel of opacity may follow gray or RGB"""


class Note(NamedTuple):
    """One thing that an image loses when it is read."""

    kind: str
    """``alpha``, ``depth``, ``colour``, ``bands``, ``frames``, ``saturation``, ``profile`` or
    ``xmp``"""
    text: str


@dataclass(frozen=True, kw_only=True)
class Header:
    """The header of one frame of a file, read before any pixel is decoded."""

    format: str
    """the usual name of the format: ``PNG``"""
    size: tuple[int, int]
    """height and width of the upright image"""
    channels: int = 3
    """how many `Format.read` returns, with that of opacity: from 1 to 64"""
    alpha: bool = False
    """whether the last channel is opacity"""
    dtype: str = "uint8"
    """the type of numbers that `Format.read` returns, of `translate.batches.DTYPES`"""
    bits: int = 8
    """of one channel in the file"""
    mode: str = ""
    """the kind of pixels, as `translate datasets check` lists it"""
    frames: int = 1
    """how many images the file holds that a person would want to see"""
    pages: bool = False
    """whether each frame has its own header and size"""
    orientation: int = 1
    """the EXIF tag from 1 to 8 that `Format.read` turns the pixels by"""
    converted: str = ""
    """what `Format.read` converts to RGB: ``CMYK``; empty if nothing is converted"""
    label_map: bool = False
    """whether files of this kind usually hold numbers of classes: PNG with a palette"""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """what else belongs to the image and is given to `Format.write` of its translation: a colour
    profile (``icc_profile``, the bytes), geometry, units. Nothing but formats looks into it; a
    colour profile for another number of channels is omitted."""
    private: Mapping[str, Any] = field(default_factory=dict)
    """what is written only with ``--keep-metadata``: a camera's ``exif`` data, its place in them"""
    xmp: bytes = b""
    """the XMP packet of a file; for `Format.write`, that of the output, with what made it"""

    @property
    def gray(self) -> bool:
        """Whether the file has no colour."""
        return self.channels - self.alpha < 3

    def without_extra(self) -> Header:
        """Return the header without what `Format.write` alone needs, which may be large."""
        return replace(self, extra={}, private={}, xmp=b"")

    def for_output(
        self, channels: int, dtype: str = "uint8", *, alpha: bool = False, keep_private: bool
    ) -> Header:
        """Return what `Format.write` gets for a translation, without its XMP packet.

        Args:
            channels: of the translation, with that of opacity.
            dtype: the type of its numbers.
            alpha: whether its last channel is opacity.
            keep_private: whether what is `private` is written.
        """
        extra = dict(self.extra)
        if not suits(extra.get("icc_profile", b""), channels - alpha):
            extra.pop("icc_profile", None)
        private = self.private if keep_private else {}
        own = replace(self, extra=extra, private=private, xmp=b"")
        return replace(own, channels=channels, alpha=alpha, dtype=dtype)


def suits(profile: bytes, channels: int) -> bool:
    """Return whether an ICC colour profile is for images with so many channels of colour."""
    return profile[16:20] == {1: b"GRAY", 3: b"RGB "}.get(channels)


class Format(Protocol):
    """A file format.

    Whatever `probe` and `read` raise becomes a `BadImage` of the file, with the message as its
    reason: raise `ValueError` with what is wrong. They get any bytes at all, also damaged ones.

    Example:
        A plugin returns ``{"npy": Npy}`` from ``register_formats``, where `Npy` is a class with
        these members, or a function that returns an object with them.
    """

    @property
    def suffixes(self) -> Collection[str]:
        """Suffixes of files that are images of this format, in lower case: ``{".npy"}``."""

    @property
    def writes(self) -> Mapping[str, Writable]:
        """Suffixes of files that `write` makes, with the pixels that it takes for each.

        ``{".npy": Writable((1, 3), ("uint8", "uint16"))}``; empty for a format that is only read.
        """

    @property
    def lossless(self) -> bool:
        """Whether `read` returns exactly the pixels that `write` has got."""

    def probe(self, source: EncodedImage, frame: int = 0) -> Header | None:
        """Return what a file says of one of its frames; None if it is of another format.

        It is called for files of every format, so it looks at the first bytes of ``source.data``
        first, and decodes no pixel.

        Args:
            source: the file, with its content as ``source.data``: all of it, or its first MiB where
                the file itself is ``source.file``, for images too large for memory.
            frame: which frame, from 0; not 0 only where the header of the first has `pages`.

        Raises:
            ValueError: for a file of this format that is damaged, or of a kind that is not read.
        """

    def read(
        self, source: EncodedImage, frame: int = 0, window: Window | None = None
    ) -> NDArray[Any] | Layers:
        """Return the upright pixels of one frame.

        Args:
            source: a file for which `probe` has returned a header.
            frame: which frame, from 0.
            window: the part to return; None: all of it. ``source.cache`` may hold what serves the
                next window or frame.

        Returns:
            (height, width, channels) in the header's type of numbers and native byte order: of the
            header's size, or the window's, with the header's channels. Or
            `translate.images.layers.Layers`, which also holds the indices of a palette.

        Raises:
            ValueError: for missing pixels.
        """

    def write(self, pixels: NDArray[Any], like: Header) -> bytes:
        """Return the content of a file.

        Args:
            pixels: (height, width, channels), of a type and with as many channels as `writes`
                allows.
            like: what is kept of the file that the pixels were made from, in `Header.extra`,
                `Header.private` and `Header.xmp`, as far as the format can hold it. Its `alpha`
                says whether the last channel of `pixels` is opacity.
        """


@runtime_checkable
class WindowedFormat(Format, Protocol):
    """A format for images that are larger than memory, read and written in tiles.

    Its `read` with a window decodes only the blocks of the file that the window touches.
    """

    def write_tiles(
        self,
        file: BinaryIO,
        tiles: Iterator[NDArray[Any]],
        size: tuple[int, int],
        channels: int,
        dtype: str,
        tile: int,
        like: Header,
    ) -> None:
        """Write a file from tiles; its memory does not grow with the image.

        Args:
            file: what is written to; it can seek.
            tiles: (tile, tile, channels) each, from left to right and from top to bottom; those at
                the right and lower edge are padded.
            size: height and width of the image.
            channels: of the image.
            dtype: the type of numbers.
            tile: the side of a tile, a multiple of 16.
            like: as for `write`.
        """
