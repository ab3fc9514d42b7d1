"""Arrays, tensors and images in memory are decoded; results have the type of their input."""

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
    "options", [PIXELS, torch.from_numpy(PIXELS.transpose(2, 0, 1).copy()), Image.fromarray(PIXELS)]
)
def test_a_result_has_the_type_and_layout_of_its_input(options: Any) -> None:
    result = convert_back(options, load(options), PIXELS)
    assert type(result) is type(options)
    assert np.array_equal(np.asarray(result), np.asarray(options))


def test_files_and_pillow_images_have_pillow_results() -> None:
    assert is_pillow_result(Image.fromarray(PIXELS)) and is_pillow_result("photo.png")
    assert not is_pillow_result(PIXELS) and not is_pillow_result(torch.zeros(3, 2, 2))


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.uint16])
def test_numbers_that_no_pillow_image_holds_are_refused(dtype: Any) -> None:
    with pytest.raises(DataError, match="which a PIL image cannot store: pass an array"):
        to_pillow(np.zeros((4, 5, 3), dtype))


CT = Domain("ct", channels=1, range=(-1024, 3071), dtype="int16")
BANDS = Domain("field", channels=5, range=(0, 65535), dtype="uint16")


def test_arrays_have_the_channels_of_the_domain_that_they_are_read_as() -> None:
    assert load(np.zeros((4, 5), np.int16), CT).layers.pixels.shape == (4, 5)
    assert load(np.zeros((4, 5, 5), np.uint16), BANDS).layers.pixels.shape == (4, 5, 5)
    rgba = load(np.zeros((4, 5, 4), np.uint8)).layers
    assert rgba.pixels.shape == (4, 5, 3)
    assert rgba.alpha is not None
    four = load(np.zeros((4, 5, 4), np.uint8), Domain("rgb-nir", channels=4)).layers
    assert four.pixels.shape == (4, 5, 4)


@pytest.mark.parametrize(
    ("shape", "kind", "expected"),
    [
        (
            (4, 5, 3),
            BANDS,
            r"expected \(height, width\) or \(height, width, 5\) of uint8 or uint16",
        ),
        ((4, 5, 7), Domain(""), r"\(height, width, 1, 3 or 4\)"),
    ],
)
def test_arrays_of_other_channels_are_refused_with_those_that_are_expected(
    shape: tuple[int, ...], kind: Domain, expected: str
) -> None:
    with pytest.raises(DataError, match=expected):
        load(np.zeros(shape, np.uint16), kind)


def test_other_types_are_refused_with_those_that_are_accepted() -> None:
    with pytest.raises(DataError, match="got object: expected a path, bytes"):
        load(object())  # type: ignore[arg-type]
