from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from translate.errors import BadImage
from translate.formats import Window
from translate.images.layers import (
    Layers,
    convert_channels,
    guarded,
    layers_from_pillow,
    split_alpha,
)
from translate_plugins.formats.pillow import ORIENTATION

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
GOLDEN = np.array([[RED, GREEN, BLUE], [BLUE, WHITE, RED]], np.uint8).repeat(8, 0).repeat(8, 1)
"""two rows of three 8x8 squares, changed by every rotation and reflection"""


def encode(image: Image.Image | NDArray[Any], format_name: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def test_images_and_arrays_in_memory_are_read_like_files() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    rotated = Image.open(BytesIO(encode(GOLDEN, "PNG", exif=exif)))
    assert (
        layers_from_pillow(ImageOps.exif_transpose(rotated)).flatten() == np.rot90(GOLDEN, -1)
    ).all()
    transparent = np.zeros((2, 3, 4), np.uint16)
    assert (convert_channels(transparent, 3) == 65535).all()
    assert convert_channels(transparent[..., :1], 3).shape == (2, 3, 3)
    assert (convert_channels(GOLDEN, 3) == GOLDEN).all()


def test_transparent_pixels_are_composited_over_white() -> None:
    colour = np.array([[[0, 100, 200], [0, 100, 200], [0, 100, 200]]], np.uint8)
    alpha = np.array([[0, 255, 51]], np.uint8)  # nothing, all and a fifth of the colour
    result = Layers(colour, alpha).composite_over_white()
    assert result.tolist() == [[[255, 255, 255], [0, 100, 200], [204, 224, 244]]]
    deep = Layers(np.array([[0, 0]], np.uint16), np.array([[0, 13107]], np.uint16))
    assert deep.composite_over_white().tolist() == [[65535, 52428]]


@pytest.mark.parametrize(
    ("shape", "gray", "alpha"),
    [((2, 3), True, False), ((2, 3, 1), True, False), ((2, 3, 2), True, True),
     ((2, 3, 3), False, False), ((2, 3, 4), False, True)],
)  # fmt: skip
def test_the_second_and_fourth_channel_are_alpha(
    shape: tuple[int, ...], gray: bool, alpha: bool
) -> None:
    layers = split_alpha(np.zeros(shape, np.uint8))
    assert layers.pixels.shape == ((2, 3) if gray else (2, 3, 3))
    assert (layers.alpha is not None) == alpha
    with pytest.raises(ValueError, match=r"\(2, 3, 5\): expected \(height, width, 1 to 4\)"):
        split_alpha(np.zeros((2, 3, 5), np.uint8))


def test_a_window_crops_every_layer() -> None:
    numbers = np.arange(20, dtype=np.uint8).reshape(4, 5)
    result = Layers(numbers, numbers, numbers).crop(Window(1, 2, 2, 3))
    assert all((layer == numbers[1:3, 2:5]).all() for layer in result if layer is not None)
    assert Layers(numbers).crop(None).pixels is numbers


def test_an_exception_while_reading_is_one_line() -> None:
    exceptions = [
        (MemoryError(), "not enough memory"),
        (KeyError("x"), "'x'"),
        (ValueError("a\nb"), "a b"),
        (OSError(2, "No such file"), "No such file"),
        (RuntimeError(), "RuntimeError"),
    ]
    for exception, expected in exceptions:
        with pytest.raises(BadImage) as error, guarded(Path("x.png")):
            raise exception
        assert str(error.value) == f"x.png: {expected}"
