"""NumPy arrays as images: .npy files of (height, width) or (height, width, 1 to 4) integers."""

from io import BytesIO
from math import prod

import numpy as np
from numpy.lib import format as npy

from translate import hookimpl
from translate.formats import Header, Writable


@hookimpl
def register_formats():
    return {"npy": Npy}


class Npy:
    """NumPy arrays of uint8 or uint16: one to four channels, none of them of opacity."""

    suffixes = {".npy"}
    writes = {".npy": Writable((1, 3))}
    lossless = True

    def probe(self, source, frame=0):
        if not source.data.startswith(npy.MAGIC_PREFIX):
            return None
        shape, dtype, _, _ = read_header(source.data)
        channels = shape[2] if len(shape) == 3 else 1
        name = dtype.newbyteorder("=").name
        return Header(
            format="NPY", size=shape[:2], channels=channels, dtype=name, bits=8 * dtype.itemsize
        )

    def read(self, source, frame=0, window=None):
        shape, dtype, order, start = read_header(source.data)
        pixels = np.frombuffer(source.data, dtype, offset=start).reshape(shape, order=order)
        pixels = pixels.astype(dtype.newbyteorder("=")).reshape(*shape[:2], -1)
        if window is None:
            return pixels
        top, left, height, width = window
        return pixels[top : top + height, left : left + width]

    def write(self, pixels, like):
        buffer = BytesIO()
        np.save(buffer, pixels)
        return buffer.getvalue()


def read_header(data):
    """Return the shape, dtype and order of an array, and the offset of its data."""
    file = BytesIO(data)
    version = npy.read_magic(file)[0]
    parse = npy.read_array_header_1_0 if version == 1 else npy.read_array_header_2_0
    shape, fortran, dtype = parse(file)
    if dtype.newbyteorder("=") not in (np.uint8, np.uint16):
        raise ValueError(f"an array of {dtype}: expected uint8 or uint16")
    if len(shape) not in (2, 3) or not prod(shape) or (*shape, 1)[2] > 4:
        raise ValueError(f"an array of the shape {shape}: expected (height, width[, 1 to 4])")
    if len(data) - file.tell() != prod(shape) * dtype.itemsize:
        raise ValueError("an array that is cut short")
    return shape, dtype, "F" if fortran else "C", file.tell()
