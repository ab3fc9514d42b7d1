"""DICOM slices as images, with pixels in Hounsfield units if the file defines them.

DICOM files contain personal data. Errors and logs do not, and outputs only with
``--keep-metadata``. An output is a new image of a new series.
"""

from hashlib import sha256
from io import BytesIO

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from translate import hookimpl
from translate.formats import Header, Writable

# an output keeps these tags of its input
KEPT_TAGS = ("Modality", "PixelSpacing", "ImageOrientationPatient", "ImagePositionPatient",
             "SliceThickness", "RescaleType", "WindowCenter", "WindowWidth")  # fmt: skip
# and with --keep-metadata these, too
PERSONAL_TAGS = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID",
                 "StudyDate", "StudyTime", "StudyID", "AccessionNumber")  # fmt: skip
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE  # warnings print values


@hookimpl
def register_formats():
    return {"dicom": Dicom}


class HiddenTags(dict):
    """DICOM tags by name; `repr` does not print their values."""

    def __repr__(self):
        return f"<{len(self)} tags>"


class Dicom:
    """Gray DICOM images of 8 or 16 bits, without compression."""

    suffixes = {".dcm", ".dicom"}
    writes = {suffix: Writable((1,), ("uint8", "uint16", "int16")) for suffix in (".dcm", ".dicom")}
    lossless = True

    def probe(self, source, frame=0):
        if source.data[128:132] != b"DICM":
            return None
        tags = read_tags(source.data, stop_before_pixels=True)
        return Header(
            format="DICOM",
            size=(tags.Rows, tags.Columns),
            channels=1,
            dtype=dtype_of(tags),
            bits=tags.BitsStored,
            mode=f"{tags.get('Modality', 'DICOM')} {dtype_of(tags)}",
            frames=frame_count(tags),
            extra={"dicom": HiddenTags({key: tags[key] for key in KEPT_TAGS if key in tags})},
            private={"dicom": HiddenTags({key: tags[key] for key in PERSONAL_TAGS if key in tags})},
        )

    def read(self, source, frame=0, window=None):
        tags = read_tags(source.data)
        try:
            stored = tags.pixel_array
        except Exception:
            raise ValueError("a damaged DICOM file: its pixels cannot be read") from None
        stored = stored[frame] if frame_count(tags) > 1 else stored
        slope, intercept = slope_and_intercept(tags)
        exact = stored * slope + intercept
        pixels = exact.astype(dtype_of(tags))[..., None]
        if dtype_of(tags) != "float32" and (pixels[..., 0] != exact).any():
            raise ValueError(f"numbers from {exact.min():g} to {exact.max():g}: expected int16")
        top, left, height, width = window or (0, 0, *pixels.shape[:2])
        return pixels[top : top + height, left : left + width]

    def write(self, pixels, like):
        tags, kept = Dataset(), {**like.extra.get("dicom", {}), **like.private.get("dicom", {})}
        tags.update({element.tag: element for element in kept.values()})
        digest = sha256(pixels.tobytes() + repr(sorted(kept)).encode()).hexdigest()
        tags.SOPClassUID = SecondaryCaptureImageStorage
        tags.SOPInstanceUID = generate_uid(entropy_srcs=[digest, "image"])
        tags.SeriesInstanceUID = generate_uid(entropy_srcs=[digest, "series"])
        tags.ImageType = ["DERIVED", "SECONDARY"]
        tags.Rows, tags.Columns, tags.SamplesPerPixel = *pixels.shape[:2], 1
        tags.PhotometricInterpretation = "MONOCHROME2"
        tags.BitsAllocated = tags.BitsStored = 8 * pixels.itemsize
        tags.HighBit, tags.PixelRepresentation = tags.BitsStored - 1, int(pixels.dtype.kind == "i")
        tags.RescaleSlope, tags.RescaleIntercept = 1, 0
        data = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
        tags.PixelData = data + b"\0" * (len(data) % 2)
        tags.file_meta = FileMetaDataset()
        tags.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        tags.save_as(buffer := BytesIO(), enforce_file_format=True)
        return buffer.getvalue()


def read_tags(data, **options):
    """Return the tags of a file; a ValueError for other files has no values of tags."""
    try:
        tags = pydicom.dcmread(BytesIO(data), **options)
        compressed = tags.file_meta.TransferSyntaxUID.is_compressed
        gray = (tags.SamplesPerPixel, tags.PhotometricInterpretation) == (1, "MONOCHROME2")
        valid = min(tags.Rows, tags.Columns, tags.BitsStored) > 0 and tags.BitsAllocated in (8, 16)
    except Exception:
        raise ValueError("a damaged DICOM file: its tags cannot be read") from None
    if compressed or not gray or not valid:
        raise ValueError("a DICOM file that is not gray, of 8 or 16 bits and without compression")
    return tags


def frame_count(tags):
    return int(tags.get("NumberOfFrames", None) or 1)


def slope_and_intercept(tags):
    """Return the factor and the offset from stored numbers to Hounsfield units."""
    return float(tags.get("RescaleSlope", 1)), float(tags.get("RescaleIntercept", 0))


def dtype_of(tags):
    """Return the dtype that can hold the pixels after rescaling."""
    (slope, intercept), signed = slope_and_intercept(tags), tags.PixelRepresentation == 1
    if slope != 1 or intercept % 1:
        return "float32"
    return "int16" if signed or intercept else f"uint{tags.BitsAllocated}"
