"""Arrays, tensors and PIL images are decoded, and results have the type of their input."""

from typing import Any

import numpy as np
import pytest

from translate.batches import Domain
from translate.engine.pixels.conversion import load, to_pillow
from translate.errors import DataError


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.uint16])
def test_a_result_that_no_pil_image_can_store_is_refused(dtype: Any) -> None:
    with pytest.raises(DataError, match="which a PIL image cannot store: pass an array"):
        to_pillow(np.zeros((4, 5, 3), dtype))


CT = Domain("ct", channels=1, range=(-1024, 3071), dtype="int16")
BANDS = Domain("field", channels=5, range=(0, 65535), dtype="uint16")


def test_an_array_is_read_with_the_channels_of_the_domain() -> None:
    assert load(np.zeros((4, 5), np.int16), CT).layers.pixels.shape == (4, 5)
    assert load(np.zeros((4, 5, 5), np.uint16), BANDS).layers.pixels.shape == (4, 5, 5)
    rgba = load(np.zeros((4, 5, 4), np.uint8)).layers
    assert rgba.pixels.shape == (4, 5, 3)
    assert rgba.alpha is not None
    rgb_nir = load(np.zeros((4, 5, 4), np.uint8), Domain("rgb-nir", channels=4)).layers
    assert rgb_nir.pixels.shape == (4, 5, 4)


def test_an_array_with_other_channels_is_refused_with_the_expected_shapes() -> None:
    expected = r"expected \(height, width\) or \(height, width, 5\) of uint8 or uint16"
    with pytest.raises(DataError, match=expected):
        load(np.zeros((4, 5, 3), np.uint16), BANDS)
    with pytest.raises(DataError, match=r"\(height, width, 1, 3 or 4\)"):
        load(np.zeros((4, 5, 7), np.uint16), Domain(""))
