import logging
from io import BytesIO

import numpy as np
import pydicom
import pytest
from translate_dicom import Dicom, HiddenTags

from translate.errors import BadImage
from translate.formats import Header
from translate.images.source import EncodedImage
from translate.testing import check_format

STORED = np.arange(12, dtype=np.uint16).reshape(3, 4) * 300


def ct_slice(**tags):
    """Return a CT slice of 12 bits; its stored numbers are Hounsfield units plus 1024."""
    like = Header(format="", size=(3, 4), channels=1, dtype="uint16")
    file = pydicom.dcmread(BytesIO(Dicom().write(STORED[..., None], like)))
    file.update({"PatientName": "Doe^Jane", "PatientID": "12345", "Modality": "CT"})
    file.update({"PixelSpacing": [0.5, 0.7], "BitsStored": 12, "HighBit": 11})
    file.update({"RescaleIntercept": -1024, "StudyInstanceUID": "1.2.3", **tags})
    file.save_as(buffer := BytesIO(), enforce_file_format=True)
    return EncodedImage("x.dcm", buffer.getvalue())


def test_the_format_keeps_the_rules():
    check_format("dicom")


def test_pixels_are_hounsfield_units_and_are_written_and_read_exactly():
    image = ct_slice()
    assert (image.header.dtype, image.header.bits) == ("int16", 12)
    assert (image.decode()[..., 0] == STORED.astype(int) - 1024).all()
    written = Dicom().write(image.decode(), image.header)
    assert (EncodedImage("y.dcm", written).decode() == image.decode()).all()
    assert ct_slice(RescaleSlope=0.5).header.dtype == "float32"
    assert pydicom.dcmread(BytesIO(written)).PixelSpacing == [0.5, 0.7]


def test_an_output_is_a_new_image_with_personal_data_only_on_request():
    image = ct_slice()
    original = pydicom.dcmread(BytesIO(image.data))
    for keep in (False, True):
        like = image.header.for_output(1, keep_private=keep)
        written = pydicom.dcmread(BytesIO(Dicom().write(image.decode(), like)))
        assert written.SOPInstanceUID != original.SOPInstanceUID
        assert written.SeriesInstanceUID != original.SeriesInstanceUID
        assert written.get("PatientName", "") == ("Doe^Jane" if keep else "")
        assert ("12345" in repr(written)) is keep


def test_no_error_log_or_repr_has_personal_data(caplog, recwarn):
    caplog.set_level(logging.DEBUG)
    image = ct_slice()
    texts = [repr(image.header), repr(HiddenTags(name="Doe"))]
    palette = image.data.replace(b"MONOCHROME2", b"PALETTE    ")
    for damaged in (image.data[:-9], image.data[:400], palette):
        with pytest.raises(BadImage) as error:
            EncodedImage("x.dcm", damaged).decode()
        texts.append(str(error.value) + repr(error.value.__cause__))
    texts += [caplog.text, *(str(warning.message) for warning in recwarn)]
    assert not [text for text in texts if "Doe" in text or "12345" in text]
