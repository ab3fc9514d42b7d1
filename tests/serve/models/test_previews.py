"""Previews: 8-bit images of results that a browser cannot show."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from translate.batches import Domain
from translate.serve.models.previews import MAX_SIDE, make_preview, needs_preview


def preview_pixels(pixels: np.ndarray, domain: Domain) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(make_preview(pixels, domain))))


def test_black_and_white_are_the_ends_of_the_range() -> None:
    domain = Domain("ct", 1, (-1000.0, 1000.0), "int16")
    pixels = np.array([[[-2000], [-1000], [0], [1000], [3000]]], np.int16)
    assert preview_pixels(pixels, domain).tolist() == [[0, 0, 128, 255, 255]]


@pytest.mark.parametrize(("channels", "expected"), [(1, (4, 6)), (2, (4, 6)), (5, (4, 6, 3))])
def test_one_channel_or_the_first_three_are_shown(channels: int, expected: tuple) -> None:
    domain = Domain("bands", channels, (0.0, 65535.0), "uint16")
    pixels = np.full((4, 6, channels), 65535, np.uint16)
    assert preview_pixels(pixels, domain).shape == expected
    assert preview_pixels(pixels, domain).min() == 255


def test_a_large_image_is_reduced() -> None:
    assert preview_pixels(np.zeros((2, 3 * MAX_SIDE, 3), np.uint8), Domain("x")).shape == (
        1,
        MAX_SIDE,
        3,
    )


def test_only_files_that_browsers_cannot_show_need_a_preview() -> None:
    assert not needs_preview(".JPG", Domain("photo"))
    assert needs_preview(".tif", Domain("photo"))
    assert needs_preview(".png", Domain("ct", 1, (0.0, 4095.0), "uint16"))
