"""NIfTI volumes as images: each slice of a .nii file is a frame; positions in space are kept."""

from io import BytesIO

import numpy as np
from nibabel.fileholders import FileHolder
from nibabel.nifti1 import Nifti1Header, Nifti1Image

from translate import hookimpl
from translate.formats import Header, Writable

DTYPES = ("uint8", "uint16", "int16", "float32")


@hookimpl
def register_formats():
    return {"nifti": Nifti}


class Nifti:
    """Gray NIfTI volumes, of one slice or several."""

    suffixes = {".nii"}
    writes = {".nii": Writable((1,), DTYPES)}
    lossless = True

    def probe(self, source, frame=0):
        if source.data[344:348] != b"n+1\0":
            return None
        header = Nifti1Header.from_fileobj(BytesIO(source.data))
        shape, stored = header.get_data_shape(), header.get_data_dtype().newbyteorder("=")
        if len(shape) not in (2, 3) or min(shape) < 1:
            raise ValueError(f"a volume of {shape}: expected (width, height[, slices])")
        scaled = header.get_slope_inter() not in ((1, 0), (None, None))
        dtype = "float32" if scaled or stored.name not in DTYPES else stored.name
        return Header(
            format="NIFTI",
            size=(shape[1], shape[0]),
            channels=1,
            dtype=dtype,
            bits=8 * stored.itemsize,
            mode=stored.name,
            frames=(*shape, 1)[2],
            extra={"nifti_affine": header.get_best_affine()},
        )

    def read(self, source, frame=0, window=None):
        header = self.probe(source)
        volume = Nifti1Image.from_file_map({"image": FileHolder(fileobj=BytesIO(source.data))})
        top, left, height, width = window or (0, 0, *header.size)
        columns, rows = slice(left, left + width), slice(top, top + height)
        region = (columns, rows, frame)[: len(volume.shape)]
        return np.asarray(volume.dataobj[region]).astype(header.dtype).T[..., None]

    def write(self, pixels, like):
        volume = pixels.transpose(1, 0, 2)
        return Nifti1Image(volume, like.extra.get("nifti_affine", np.eye(4))).to_bytes()
