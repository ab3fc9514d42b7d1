import numpy as np
import pytest
from nibabel.nifti1 import Nifti1Image
from translate_nifti import Nifti

from translate.errors import BadImage
from translate.images.source import EncodedImage
from translate.testing import check_format

AFFINE = np.diag([0.5, 0.5, 2.0, 1.0])


def volume():
    """Return numbers (width, height, slices), and a file of them."""
    numbers = np.arange(24, dtype=np.int16).reshape(2, 3, 4) - 10
    return numbers, EncodedImage("x.nii", Nifti1Image(numbers, AFFINE).to_bytes())


def test_the_format_keeps_the_rules():
    check_format("nifti")


def test_each_slice_is_a_frame_and_its_position_in_space_is_kept():
    numbers, image = volume()
    assert (image.header.frames, image.header.dtype) == (4, "int16")
    for frame in range(4):
        assert (image.decode(frame=frame)[..., 0] == numbers[..., frame].T).all()
    written = Nifti1Image.from_bytes(Nifti().write(image.decode(frame=1), image.header))
    assert (np.asarray(written.dataobj)[..., 0] == numbers[..., 1]).all()
    assert (written.affine == AFFINE).all()


def test_integers_with_a_scale_are_read_as_floats():
    numbers = np.array([[0.5, 1.5], [-2.0, 3.25]])
    volume = Nifti1Image(numbers, AFFINE, dtype=np.int16)
    volume.header.set_data_dtype(np.int16)
    image = EncodedImage("x.nii", volume.to_bytes())
    assert image.header.dtype == "float32"
    assert np.allclose(image.decode()[..., 0], numbers.T, atol=1e-3)


def test_a_truncated_volume_is_refused():
    _, image = volume()
    with pytest.raises(BadImage):
        EncodedImage("x.nii", image.data[:-9]).decode(frame=3)
