"""Arrays, tensors and images in memory are decoded; results have the type of their input."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from translate.engine.inference.conversion import convert_back, is_float, load
from translate.errors import DataError

PIXELS = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)


@pytest.mark.parametrize(
    "options", [PIXELS, torch.from_numpy(PIXELS.transpose(2, 0, 1).copy()), Image.fromarray(PIXELS)]
)
def test_a_result_has_the_type_and_layout_of_its_input(options: Any) -> None:
    result = convert_back(options, load(options), PIXELS)
    assert type(result) is type(options)
    assert np.array_equal(np.asarray(result), np.asarray(options))


def test_floats_are_recognised_by_type() -> None:
    assert is_float(np.zeros((2, 2), np.float32)) and is_float(torch.zeros(3, 2, 2))
    assert not is_float(PIXELS)


def test_other_types_are_refused_with_those_that_are_accepted() -> None:
    with pytest.raises(DataError, match="got object: expected a path, bytes"):
        load(object())  # type: ignore[arg-type]
