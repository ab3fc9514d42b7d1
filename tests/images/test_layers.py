"""The layers of an image, such as its colours and alpha, are composited, converted and cropped."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from translate.errors import BadImage
from translate.formats import Window
from translate.images.layers import (
    Layers,
    errors_as_bad_image,
    layers_from_pillow,
    split_alpha,
    with_channels,
)
from translate_plugins.formats.raster.pillow import ORIENTATION_TAG

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
GOLDEN = np.array([[RED, GREEN, BLUE], [BLUE, WHITE, RED]], np.uint8).repeat(8, 0).repeat(8, 1)
"""two rows of three 8x8 squares, changed by every rotation and reflection"""


def test_a_rotated_image_of_pillow_is_read_upright() -> None:
    exif, buffer = Image.Exif(), BytesIO()
    exif[ORIENTATION_TAG] = 6  # rotated by 90 degrees
    Image.fromarray(GOLDEN).save(buffer, "PNG", exif=exif)
    upright = ImageOps.exif_transpose(Image.open(buffer))
    assert (layers_from_pillow(upright).flatten() == np.rot90(GOLDEN, -1)).all()


def test_transparent_pixels_are_composited_over_white() -> None:
    colour = np.array([[[0, 100, 200], [0, 100, 200], [0, 100, 200]]], np.uint8)
    alpha = np.array([[0, 255, 51]], np.uint8)  # transparent, opaque, and opaque by a fifth
    result = Layers(colour, alpha).composite_over_white()
    assert result.tolist() == [[[255, 255, 255], [0, 100, 200], [204, 224, 244]]]
    black = Layers(np.array([[0, 0]], np.uint16), np.array([[0, 13107]], np.uint16))
    assert black.composite_over_white().tolist() == [[65535, 52428]]


@pytest.mark.parametrize(
    ("shape", "alpha", "bands"),
    [((2, 3), False, ()), ((2, 3, 1), False, ()), ((2, 3, 2), True, ()), ((2, 3, 2), False, (2,)),
     ((2, 3, 4), True, (3,)), ((2, 3, 4), False, (4,)), ((2, 3, 64), False, (64,))],
)  # fmt: skip
def test_the_last_channel_is_alpha_only_if_the_header_declares_it(
    shape: tuple[int, ...], alpha: bool, bands: tuple[int, ...]
) -> None:
    layers = split_alpha(np.zeros(shape, np.uint8), alpha=alpha)
    assert layers.pixels.shape == (2, 3, *bands)
    assert (layers.alpha is not None) == alpha


@pytest.mark.parametrize(("channels", "alpha"), [(0, False), (1, True), (65, False)])
def test_pixels_without_colour_or_with_too_many_channels_are_refused(
    channels: int, alpha: bool
) -> None:
    with pytest.raises(ValueError, match=rf"\(2, 3, {channels}\): expected \(height, width, "):
        split_alpha(np.zeros((2, 3, channels), np.uint8), alpha=alpha)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_gray_becomes_rgb_and_gray_again_in_every_dtype(dtype: str) -> None:
    gray = np.array([[0, 1, 100]]).astype(dtype)
    colour = with_channels(gray, 3)
    assert colour.dtype == gray.dtype
    assert colour.shape == (1, 3, 3)
    assert np.allclose(with_channels(colour, 1)[..., 0], gray)
    with pytest.raises(ValueError, match="has 3 channels: expected 5"):
        with_channels(colour, 5)


def test_transparent_floats_and_signed_integers_are_composited_over_their_white() -> None:
    half_opaque = Layers(np.zeros((1, 1), np.float32), np.full((1, 1), 0.5, np.float32))
    assert half_opaque.composite_over_white().tolist() == [[0.5]]
    opaque = Layers(np.full((1, 1), -100, np.int16), np.full((1, 1), 32767, np.int16))
    assert opaque.composite_over_white().tolist() == [[-100]]


def test_a_window_crops_every_layer() -> None:
    numbers = np.arange(20, dtype=np.uint8).reshape(4, 5)
    result = Layers(numbers, numbers, numbers).crop(Window(1, 2, 2, 3))
    assert all((layer == numbers[1:3, 2:5]).all() for layer in result if layer is not None)
    assert Layers(numbers).crop(None).pixels is numbers


@pytest.mark.parametrize(
    ("exception", "message"),
    [
        (MemoryError(), "not enough memory"),
        (KeyError("x"), "'x'"),
        (ValueError("a\nb"), "a b"),
        (OSError(2, "No such file"), "No such file"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_any_exception_becomes_a_bad_image_with_a_message_of_one_line(
    exception: Exception, message: str
) -> None:
    with pytest.raises(BadImage) as error, errors_as_bad_image(Path("x.png")):
        raise exception
    assert str(error.value) == f"x.png: {message}"
