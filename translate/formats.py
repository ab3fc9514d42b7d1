"""Image formats: the interface of plugins that read and write a file format.

A format is chosen by the content of a file: the first one that returns a header from
`Format.probe` reads it. Formats of other plugins are tried before the built-in ones.
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
    """A part of an image after EXIF orientation, in pixels."""

    top: int
    left: int
    height: int
    width: int


class Writable(NamedTuple):
    """The pixels that `Format.write` can store in files of one suffix."""

    channels: Collection[int]
    """numbers of channels, without alpha"""
    dtypes: Collection[str] = ("uint8",)
    """dtypes, some of `translate.batches.DTYPES`"""
    alpha: bool = False
    """whether an alpha channel may follow gray or RGB"""


class Note(NamedTuple):
    """Information that reading an image loses."""

    kind: str
    """``alpha``, ``depth``, ``colour``, ``bands``, ``frames``, ``saturation``, ``profile`` or
    ``xmp``"""
    text: str
    """a sentence for the user"""


@dataclass(frozen=True, kw_only=True)
class Header:
    """The properties of one frame of a file, which are read without decoding pixels."""

    format: str
    """the common name of the format: ``PNG``"""
    size: tuple[int, int]
    """height and width after EXIF orientation"""
    channels: int = 3
    """number of channels that `Format.read` returns, including alpha: from 1 to 64"""
    alpha: bool = False
    """whether the last channel is alpha"""
    dtype: str = "uint8"
    """the dtype that `Format.read` returns, one of `translate.batches.DTYPES`"""
    bits: int = 8
    """bits of a channel in the file"""
    mode: str = ""
    """the kind of pixels, for `translate datasets check`"""
    frames: int = 1
    """number of frames or pages, without thumbnails and overviews"""
    pages: bool = False
    """whether each frame has its own header and size"""
    orientation: int = 1
    """the EXIF orientation, from 1 to 8, which `Format.read` applies"""
    converted: str = ""
    """the colour space that `Format.read` converts to RGB, such as ``CMYK``; empty: none"""
    label_map: bool = False
    """whether such files are usually label maps, such as PNG with a palette"""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """metadata that `Format.write` stores with a translation: a colour profile (bytes, by the key
    ``icc_profile``), geometry, units. Only formats use it; a colour profile for another number of
    channels is omitted."""
    private: Mapping[str, Any] = field(default_factory=dict)
    """metadata that is written only with ``--keep-metadata``, such as ``exif`` with its location"""
    xmp: bytes = b""
    """the XMP packet of a file; for `Format.write`, that of the output, with its provenance"""

    @property
    def gray(self) -> bool:
        """Whether the image has one or two colour channels."""
        return self.channels - self.alpha < 3

    def without_extra(self) -> Header:
        """Return the header without metadata for `Format.write`, which may be large."""
        return replace(self, extra={}, private={}, xmp=b"")

    def for_output(
        self, channels: int, dtype: str = "uint8", *, alpha: bool = False, keep_private: bool
    ) -> Header:
        """Return the header that `Format.write` gets for a translation, without an XMP packet.

        Args:
            channels: Number of channels of the translation, including alpha.
            dtype: The dtype of the translation.
            alpha: Whether its last channel is alpha.
            keep_private: Whether to keep the `private` metadata.
        """
        extra = dict(self.extra)
        if not profile_fits(extra.get("icc_profile", b""), channels - alpha):
            extra.pop("icc_profile", None)
        private = self.private if keep_private else {}
        header = replace(self, extra=extra, private=private, xmp=b"")
        return replace(header, channels=channels, alpha=alpha, dtype=dtype)


def profile_fits(profile: bytes, channels: int) -> bool:
    """Return whether an ICC colour profile is for images with this number of colour channels."""
    return profile[16:20] == {1: b"GRAY", 3: b"RGB "}.get(channels)


class Format(Protocol):
    """A file format.

    `probe` and `read` also get damaged files. Any of their exceptions becomes a `BadImage` with the
    message as its reason: raise `ValueError` with what is wrong.

    Example:
        A plugin returns ``{"npy": Npy}`` from ``register_formats``, where `Npy` is a class with
        these members, or a function that returns an object with them.
    """

    @property
    def suffixes(self) -> Collection[str]:
        """Suffixes of image files of this format, in lower case: ``{".npy"}``."""

    @property
    def writes(self) -> Mapping[str, Writable]:
        """Suffixes of files that `write` makes, with the pixels that each can store.

        ``{".npy": Writable((1, 3), ("uint8", "uint16"))}``; empty for a format that is only read.
        """

    @property
    def lossless(self) -> bool:
        """Whether `read` returns exactly the pixels that `write` got."""

    def probe(self, source: EncodedImage, frame: int = 0) -> Header | None:
        """Return the header of a frame; None for a file of another format.

        It is called for files of all formats, so it should check the first bytes of ``source.data``
        first, and must not decode pixels.

        Args:
            source: The file. ``source.data`` is its content; for images too large for memory it is
                the first MiB, and the file is open as ``source.file``.
            frame: Index of the frame; other than 0 only if the first header has `pages`.

        Raises:
            ValueError: A file of this format is damaged, or of an unsupported kind.
        """

    def read(
        self, source: EncodedImage, frame: int = 0, window: Window | None = None
    ) -> NDArray[Any] | Layers:
        """Return the pixels of a frame, after EXIF orientation.

        Args:
            source: A file for which `probe` has returned a header. ``source.cache`` can keep data
                for the next window or frame.
            frame: Index of the frame.
            window: The part to return; None: the whole image.

        Returns:
            (H, W, C) in native byte order, with the size, channels and dtype of the header, or with
            the size of the window. Or `translate.images.layers.Layers`, which also has the indices
            of a palette.

        Raises:
            ValueError: Pixels are missing.
        """

    def write(self, pixels: NDArray[Any], like: Header) -> bytes:
        """Return the content of a file.

        Args:
            pixels: (H, W, C), with a dtype and number of channels that `writes` has.
            like: The header, with metadata to store as far as the format can, in `Header.extra`,
                `Header.private` and `Header.xmp`. Its `alpha` is True if the last channel of
                `pixels` is alpha.
        """


@runtime_checkable
class WindowedFormat(Format, Protocol):
    """A format for images that are larger than memory, which are read and written in tiles.

    Its `read` with a window decodes only the blocks that intersect the window.
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
        """Write a file from tiles, in memory that does not depend on the size of the image.

        Args:
            file: A seekable file to write to.
            tiles: (tile, tile, channels) each, in row-major order; those at the right and lower
                edges are padded.
            size: Height and width of the image.
            channels: Number of channels.
            dtype: The dtype of the pixels.
            tile: Tile size, a multiple of 16.
            like: The header; see `write`.
        """
