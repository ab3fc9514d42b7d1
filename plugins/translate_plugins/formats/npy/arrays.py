"""Headers of NumPy arrays, checked before anything is allocated, and parts of them."""

from dataclasses import dataclass
from math import prod
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from translate.formats import Window
from translate.images.layers import MAX_CHANNELS

MAGIC = npy.MAGIC_PREFIX
READ_AS = {"b1": "uint8", "u1": "uint8", "u2": "uint16", "i1": "int16", "i2": "int16"}
READ_AS |= dict.fromkeys(("u4", "i4", "i8", "u8", "f2", "f4", "f8"), "float32")
"""types of arrays, and what they are read as"""
EXACT = 2**24
"""the largest whole number of which float32 has all smaller ones"""


@dataclass(frozen=True)
class ArrayHeader:
    """What the beginning of an array says."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    is_fortran: bool
    start: int
    """where the numbers begin"""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.shape[0], self.shape[1]

    @property
    def channels(self) -> int:
        """The number of channels."""
        return (*self.shape, 1)[2]

    @property
    def bytes(self) -> int:
        """The number of bytes of the numbers."""
        return prod(self.shape) * self.dtype.itemsize

    @property
    def order(self) -> str:
        """The byte order of the numbers: ``<``, ``>``, or ``=`` where there is none."""
        return {">": ">", "<": "<"}.get(self.dtype.byteorder, "=")

    @property
    def read_as(self) -> str:
        """The type that the numbers are read as."""
        return READ_AS[f"{self.dtype.kind}{self.dtype.itemsize}"]


def read_header(file: BinaryIO) -> ArrayHeader:
    """Return the header of an array that is an image; raises `ValueError` for any other."""
    try:
        version = npy.read_magic(file)[0]
        parse = npy.read_array_header_1_0 if version == 1 else npy.read_array_header_2_0
        shape, is_fortran, dtype = parse(file)
    except Exception as error:
        text = " ".join(str(error).split())[:200] or type(error).__name__
        raise ValueError(f"a damaged array: {text}") from error
    if dtype.hasobject:
        raise ValueError("an array of Python objects is never read: they could run any program")
    if f"{dtype.kind}{dtype.itemsize}" not in READ_AS:
        raise ValueError(f"an array of {dtype}: expected integers or floats")
    if len(shape) not in (2, 3) or min(shape) < 1 or (*shape, 1)[2] > MAX_CHANNELS:
        known = f"(height, width) or (height, width, 1 to {MAX_CHANNELS})"
        raise ValueError(f"an array of the shape {shape}: expected {known}")
    return ArrayHeader(shape, dtype, is_fortran, file.tell())


def read_part(file: BinaryIO, header: ArrayHeader, window: Window | None) -> NDArray[Any]:
    """Return (height, width, channels) in the type that `header` is read as.

    Only the rows of the window are read, where rows lie together.

    Raises:
        ValueError: for missing numbers, and whole numbers that float32 does not have.
    """
    top, left, height, width = window or (0, 0, *header.size)
    columns = slice(left, left + width)
    row = prod(header.shape[1:]) * header.dtype.itemsize
    if header.is_fortran:
        data = _read(file, header.start, row * header.shape[0])
        whole = np.frombuffer(data, header.dtype).reshape(header.shape, order="F")
        part = whole[top : top + height, columns]
    else:
        data = _read(file, header.start + top * row, row * height)
        part = np.frombuffer(data, header.dtype).reshape(height, *header.shape[1:])[:, columns]
    return converted(part.reshape(height, width, -1), header)


def converted(values: NDArray[Any], header: ArrayHeader) -> NDArray[Any]:
    """Return `values` in the type that `header` is read as; raises `ValueError`."""
    if values.dtype.kind == "b":
        return values.astype(np.uint8) * np.uint8(255)
    whole_to_float = header.read_as == "float32" and values.dtype.kind in "iu"
    if whole_to_float and max(values.max(), -int(values.min())) > EXACT:
        raise ValueError(f"an array of {header.dtype}: numbers up to 2**24 are read exactly")
    return np.ascontiguousarray(values.astype(header.read_as))


def _read(file: BinaryIO, start: int, size: int) -> bytes:
    file.seek(start)
    data = file.read(size)
    if len(data) != size:
        raise ValueError("an array that ends early: the file is truncated")
    return data
