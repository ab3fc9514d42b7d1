import logging
from io import BytesIO

import numpy as np
import pydicom
import pytest
from translate_dicom import Dicom, Values

from translate.errors import BadImage
from translate.formats import Header
from translate.images.source import EncodedImage
from translate.testing import check_format

STORED = np.arange(12, dtype=np.uint16).reshape(3, 4) * 300


def scan(**tags):
    """Return a slice of 12 bits whose numbers are 1024 above Hounsfield units."""
    like = Header(format="", size=(3, 4), channels=1, dtype="uint16")
    file = pydicom.dcmread(BytesIO(Dicom().write(STORED[..., None], like)))
    file.update({"PatientName": "Doe^Jane", "PatientID": "12345", "Modality": "CT"})
    file.update({"PixelSpacing": [0.5, 0.7], "BitsStored": 12, "HighBit": 11})
    file.update({"RescaleIntercept": -1024, "StudyInstanceUID": "1.2.3", **tags})
    file.save_as(buffer := BytesIO(), enforce_file_format=True)
    return EncodedImage("x.dcm", buffer.getvalue())


def test_the_format_keeps_the_rules():
    check_format("dicom")


def test_numbers_are_hounsfield_units_and_come_back():
    image = scan()
    assert (image.header.dtype, image.header.bits) == ("int16", 12)
    assert (image.decode()[..., 0] == STORED.astype(int) - 1024).all()
    written = Dicom().write(image.decode(), image.header)
    again = EncodedImage("y.dcm", written)
    assert (again.decode() == image.decode()).all()
    assert scan(RescaleSlope=0.5).header.dtype == "float32"
    assert pydicom.dcmread(BytesIO(written)).PixelSpacing == [0.5, 0.7]


def test_a_translation_is_a_new_image_without_names_unless_they_are_requested():
    image = scan()
    original = pydicom.dcmread(BytesIO(image.data))
    for keep in (False, True):
        like = image.header.for_output(1, keep_private=keep)
        written = pydicom.dcmread(BytesIO(Dicom().write(image.decode(), like)))
        assert written.SOPInstanceUID != original.SOPInstanceUID
        assert written.SeriesInstanceUID != original.SeriesInstanceUID
        assert written.get("PatientName", "") == ("Doe^Jane" if keep else "")
        assert ("12345" in repr(written)) is keep


def test_no_error_log_or_print_names_the_person(caplog, recwarn):
    caplog.set_level(logging.DEBUG)
    image, texts = scan(), []
    texts.append(repr(image.header) + repr(Values(name="Doe")))
    for damaged in (
        image.data[:-9],
        image.data[:400],
        image.data.replace(b"MONOCHROME2", b"PALETTE    "),
    ):
        with pytest.raises(BadImage) as error:
            EncodedImage("x.dcm", damaged).decode()
        texts.append(str(error.value) + repr(error.value.__cause__))
    texts += [caplog.text, *(str(warning.message) for warning in recwarn)]
    assert not [text for text in texts if "Doe" in text or "12345" in text]
