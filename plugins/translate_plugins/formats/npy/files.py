"""NumPy files as images: .npy, and .npz with one array, or with one called ``image``.

Pickled objects, which could run code, are never loaded.
"""

from collections.abc import Iterator
from io import BytesIO
from math import prod
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from translate.batches import MAX_CHANNELS
from translate.formats import Header, Window, Writable
from translate.images.source import EncodedImage
from translate_plugins.formats import limits
from translate_plugins.formats.npy import arrays
from translate_plugins.formats.npy.arrays import ArrayHeader

WRITABLE = Writable(
    range(1, MAX_CHANNELS + 1), ("uint8", "uint16", "int16", "float32"), alpha=False
)
ARRAY_NAME = "image.npy"
"""name in an archive of the array to write, and of the array to read if there are several"""
MAX_HEADER_BYTES = 70_000
"""largest size of an array's header that is read"""


class Npy:
    """An array (height, width) or (height, width, channels) of integers or floats."""

    suffixes = frozenset({".npy"})
    writes = {".npy": WRITABLE}
    lossless = True

    def probe(self, source: EncodedImage, frame: int = 0) -> Header | None:  # noqa: ARG002
        """Return the header of an array; None for a file of another format."""
        if not source.data.startswith(arrays.MAGIC):
            return None
        array = arrays.read_header(BytesIO(source.data))
        size = len(source.data) if source.file is None else source.file.seek(0, 2)
        if size < array.start + array.byte_count:
            raise ValueError("a truncated file: values of the array are missing")
        return _header("NPY", array)

    def read(
        self,
        source: EncodedImage,
        frame: int = 0,  # noqa: ARG002
        window: Window | None = None,
    ) -> NDArray[Any]:
        """Return the array, or a window of it; only the rows of the window are read."""
        array, file = arrays.read_header(BytesIO(source.data)), source.file or BytesIO(source.data)
        rows, columns = (window.height, window.width) if window else array.size
        limits.require_allowed(rows * columns * array.channels, source)
        return arrays.read_window(file, array, window)

    def write(self, pixels: NDArray[Any], like: Header) -> bytes:
        """Return the content of a file."""
        buffer = BytesIO()
        np.save(buffer, _as_stored(pixels, like))
        return buffer.getvalue()

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
        """Write the same bytes as `write`, tile by tile: each row of a tile at its own offset."""
        height, width = size
        stored_dtype = np.dtype(dtype).newbyteorder(like.extra.get("npy_order", "="))
        shape = (*size, channels) if _has_channel_dimension(channels, like) else size
        start = arrays.write_header(file, shape, stored_dtype)
        corners = [(y, x) for y in range(0, height, tile) for x in range(0, width, tile)]
        for (top, left), pixels in zip(corners, tiles, strict=True):
            cropped = pixels[: height - top, : width - left].astype(stored_dtype)
            for row, values in enumerate(cropped, top):
                file.seek(start + (row * width + left) * channels * stored_dtype.itemsize)
                file.write(values.tobytes())


class Npz:
    """An archive of NumPy arrays; one is read."""

    suffixes = frozenset({".npz"})
    writes = {".npz": WRITABLE}
    lossless = True

    def probe(self, source: EncodedImage, frame: int = 0) -> Header | None:  # noqa: ARG002
        """Return the header of the array; None for a file of another format."""
        if not source.data.startswith(b"PK\x03\x04") or b".npy" not in source.data[:4096]:
            return None
        with _open(source) as archive:
            entry = _find_array(archive)
            array = _array_header(archive, entry)
        if entry.file_size < array.start + array.byte_count:
            raise ValueError("a truncated file: values of the array are missing")
        return _header("NPZ", array, npz_name=entry.filename)

    def read(
        self,
        source: EncodedImage,
        frame: int = 0,  # noqa: ARG002
        window: Window | None = None,
    ) -> NDArray[Any]:
        """Return the array, or a window of it; the array is decompressed as a whole."""
        with _open(source) as archive:
            entry = _find_array(archive)
            array = _array_header(archive, entry)
            limits.require_allowed(prod(array.shape), source)
            with archive.open(entry, mode="r") as stream:
                data = stream.read(array.start + array.byte_count)
        return arrays.read_window(BytesIO(data), array, window)

    def write(self, pixels: NDArray[Any], like: Header) -> bytes:
        """Return the content of a file with one array, named as in the input."""
        array, buffer = BytesIO(), BytesIO()
        np.save(array, _as_stored(pixels, like))
        # dated 1980, so that equal pixels give equal bytes
        entry = ZipInfo(like.extra.get("npz_name", ARRAY_NAME))
        with ZipFile(buffer, "w") as archive:
            archive.writestr(entry, array.getvalue(), ZIP_DEFLATED)
        return buffer.getvalue()


def _open(source: EncodedImage) -> ZipFile:
    return ZipFile(source.file or BytesIO(source.data))


def _find_array(archive: ZipFile) -> ZipInfo:
    """Return the entry of the only array, or of the array called image.

    Raises `ValueError` if there is neither.
    """
    entries = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
    candidates = [entry for entry in entries if entry.filename == ARRAY_NAME] or entries
    if len(candidates) != 1:
        names = ", ".join(entry.filename.removesuffix(".npy") for entry in entries[:5])
        raise ValueError(
            f"an .npz of {len(entries)} arrays ({names}): expected one, or one called image"
        )
    return candidates[0]


def _array_header(archive: ZipFile, entry: ZipInfo) -> ArrayHeader:
    with archive.open(entry, mode="r") as stream:
        return arrays.read_header(BytesIO(stream.read(MAX_HEADER_BYTES)))


def _header(format_name: str, array: ArrayHeader, **extra: Any) -> Header:
    return Header(
        format=format_name,
        size=array.size,
        channels=array.channels,
        dtype=array.image_dtype,
        bits=8 * array.dtype.itemsize,
        mode=str(array.dtype.newbyteorder("=")),
        extra={"npy_two_dimensions": len(array.shape) == 2, "npy_order": array.byte_order, **extra},
    )


def _as_stored(pixels: NDArray[Any], like: Header) -> NDArray[Any]:
    """Return pixels with the number of dimensions and the byte order of the input array."""
    stored = pixels if _has_channel_dimension(pixels.shape[2], like) else pixels[..., 0]
    return stored.astype(stored.dtype.newbyteorder(like.extra.get("npy_order", "=")))


def _has_channel_dimension(channels: int, like: Header) -> bool:
    """Return whether an output's array is (height, width, channels), not (height, width)."""
    return channels > 1 or not like.extra.get("npy_two_dimensions", True)
