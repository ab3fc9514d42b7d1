"""NumPy arrays in files: a header is checked first, and a window is read without the rest."""

from dataclasses import dataclass
from math import prod
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from translate.batches import MAX_CHANNELS
from translate.errors import error_text
from translate.formats import Window

MAGIC = npy.MAGIC_PREFIX
DTYPES = {"b1": "uint8", "u1": "uint8", "u2": "uint16", "i1": "int16", "i2": "int16"}
DTYPES |= dict.fromkeys(("u4", "i4", "i8", "u8", "f2", "f4", "f8"), "float32")
"""dtypes of images, by kind and bytes of the stored array"""
MAX_EXACT = 2**24
"""float32 represents all integers from -MAX_EXACT to MAX_EXACT exactly"""


@dataclass(frozen=True)
class ArrayHeader:
    """The header of a stored array."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    is_fortran: bool
    start: int
    """offset of the values in the file"""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.shape[0], self.shape[1]

    @property
    def channels(self) -> int:
        """The number of channels."""
        return self.shape[2] if len(self.shape) == 3 else 1

    @property
    def byte_count(self) -> int:
        """The number of bytes of all values."""
        return prod(self.shape) * self.dtype.itemsize

    @property
    def byte_order(self) -> str:
        """The byte order: ``<`` or ``>``; ``=``: that of this machine, or values of one byte."""
        order = self.dtype.byteorder
        return order if order in "<>" else "="

    @property
    def image_dtype(self) -> str:
        """The dtype of the image that the array is read as."""
        return DTYPES[f"{self.dtype.kind}{self.dtype.itemsize}"]


def read_header(file: BinaryIO) -> ArrayHeader:
    """Return the header of an array; raises `ValueError` if the array is no image."""
    try:
        version = npy.read_magic(file)[0]
        parse = npy.read_array_header_1_0 if version == 1 else npy.read_array_header_2_0
        shape, is_fortran, dtype = parse(file)
    except Exception as error:
        raise ValueError(f"a damaged array: {error_text(error)[:200]}") from error
    if dtype.hasobject:
        raise ValueError("an array of Python objects, which could run code, is not read")
    if f"{dtype.kind}{dtype.itemsize}" not in DTYPES:
        raise ValueError(
            f"an array of {dtype}: expected booleans, integers or floats of up to 64 bits"
        )
    channels = shape[2] if len(shape) == 3 else 1
    if len(shape) not in (2, 3) or min(shape) < 1 or channels > MAX_CHANNELS:
        known_shapes = f"(height, width) or (height, width, 1 to {MAX_CHANNELS})"
        raise ValueError(f"an array of the shape {shape}: expected {known_shapes}")
    return ArrayHeader(shape, dtype, is_fortran, file.tell())


def write_header(file: BinaryIO, shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    """Write the header of an array; return the offset of its values in the file."""
    fields = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    npy.write_array_header_1_0(file, fields)
    return file.tell()


def read_window(file: BinaryIO, header: ArrayHeader, window: Window | None) -> NDArray[Any]:
    """Return a window, or all, of an array: (height, width, channels) of `header.image_dtype`.

    Of arrays in C order, only the rows of the window are read.

    Raises:
        ValueError: values are missing, or are integers that float32 does not represent exactly.
    """
    top, left, height, width = window or (0, 0, *header.size)
    columns = slice(left, left + width)
    row_bytes = prod(header.shape[1:]) * header.dtype.itemsize
    if header.is_fortran:
        data = _read(file, header.start, header.byte_count)
        array = np.frombuffer(data, header.dtype).reshape(header.shape, order="F")
        pixels = array[top : top + height, columns]
    else:
        data = _read(file, header.start + top * row_bytes, row_bytes * height)
        rows = np.frombuffer(data, header.dtype).reshape(height, *header.shape[1:])
        pixels = rows[:, columns]
    return _convert(pixels.reshape(height, width, -1), header)


def _convert(values: NDArray[Any], header: ArrayHeader) -> NDArray[Any]:
    """Return `values` as `header.image_dtype`, booleans as 0 and 255.

    Raises `ValueError` for integers that float32 does not represent exactly.
    """
    if values.dtype.kind == "b":
        return values.astype(np.uint8) * np.uint8(255)
    may_round = header.image_dtype == "float32" and values.dtype.kind in "iu"
    # `int`, as the smallest integer of a dtype has no negative in this dtype
    if may_round and max(values.max(), -int(values.min())) > MAX_EXACT:
        raise ValueError(f"an array of {header.dtype}: expected values up to 2**24")
    return np.ascontiguousarray(values.astype(header.image_dtype))


def _read(file: BinaryIO, start: int, size: int) -> bytes:
    file.seek(start)
    data = file.read(size)
    if len(data) != size:
        raise ValueError("a truncated file: values of the array are missing")
    return data
