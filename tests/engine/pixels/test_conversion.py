"""Arrays, tensors and PIL images are decoded, and results have the type of their input."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from translate.batches import Domain
from translate.engine.pixels.conversion import convert_back, is_pillow_result, load, to_pillow
from translate.errors import DataError

PIXELS = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)


@pytest.mark.parametrize(
    "value", [PIXELS, torch.from_numpy(PIXELS.transpose(2, 0, 1).copy()), Image.fromarray(PIXELS)]
)
def test_a_result_has_the_type_and_layout_of_its_input(value: Any) -> None:
    result = convert_back(value, load(value), PIXELS)
    assert type(result) is type(value)
    assert np.array_equal(np.asarray(result), np.asarray(value))


def test_files_and_pillow_images_have_pillow_results() -> None:
    assert is_pillow_result(Image.fromarray(PIXELS)) and is_pillow_result("photo.png")
    assert not is_pillow_result(PIXELS) and not is_pillow_result(torch.zeros(3, 2, 2))


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


def test_an_input_of_another_type_is_refused_with_the_accepted_types() -> None:
    with pytest.raises(DataError, match="got object: expected a path, bytes"):
        load(object())  # type: ignore[arg-type]
