import numpy as np
import pytest
from nibabel.nifti1 import Nifti1Image
from translate_nifti import Nifti

from translate.errors import BadImage
from translate.images.source import EncodedImage
from translate.testing import check_format

AFFINE = np.diag([0.5, 0.5, 2.0, 1.0])


def volume(**scale):
    numbers = np.arange(24, dtype=np.int16).reshape(2, 3, 4) - 10  # width, height, slices
    image = Nifti1Image(numbers, AFFINE)
    image.header.set_slope_inter(*scale.get("slope_inter", (1, 0)))
    return numbers, EncodedImage("x.nii", image.to_bytes())


def test_the_format_keeps_the_rules():
    check_format("nifti")


def test_each_slice_is_a_frame_and_its_place_is_kept():
    numbers, image = volume()
    assert (image.header.frames, image.header.dtype) == (4, "int16")
    for frame in range(4):
        assert (image.decode(frame=frame)[..., 0] == numbers[..., frame].T).all()
    written = Nifti().write(image.decode(frame=1), image.header)
    again = Nifti1Image.from_bytes(written)
    assert (np.asarray(again.dataobj)[..., 0] == numbers[..., 1]).all()
    assert (again.affine == AFFINE).all()


def test_a_scale_makes_floats():
    numbers = np.array([[0.5, 1.5], [-2.0, 3.25]])
    image = Nifti1Image(numbers, AFFINE, dtype=np.int16)
    image.header.set_data_dtype(np.int16)
    scaled = EncodedImage("x.nii", image.to_bytes())
    assert scaled.header.dtype == "float32"
    assert np.allclose(scaled.decode()[..., 0], numbers.T, atol=1e-3)


def test_half_a_volume_is_refused():
    _, image = volume()
    with pytest.raises(BadImage):
        EncodedImage("x.nii", image.data[:-9]).decode(frame=3)
