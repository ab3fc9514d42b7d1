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
"""Two rows of three 8x8 squares, which no rotation or mirror leaves as it was."""


def content(picture: Image.Image | NDArray[Any], form: str, **options: Any) -> bytes:
    buffer = BytesIO()
    picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def test_pictures_and_arrays_in_memory_are_taken_as_files_are() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    turned = Image.open(BytesIO(content(GOLDEN, "PNG", exif=exif)))
    assert (
        layers_from_pillow(ImageOps.exif_transpose(turned)).flatten() == np.rot90(GOLDEN, -1)
    ).all()
    clear = np.zeros((2, 3, 4), np.uint16)
    assert (convert_channels(clear, 3) == 65535).all()
    assert convert_channels(clear[..., :1], 3).shape == (2, 3, 3)
    assert (convert_channels(GOLDEN, 3) == GOLDEN).all()


def test_transparent_pixels_are_composited_over_white() -> None:
    colour = np.array([[[0, 100, 200], [0, 100, 200], [0, 100, 200]]], np.uint8)
    alpha = np.array([[0, 255, 51]], np.uint8)  # nothing, all and a fifth of the colour
    found = Layers(colour, alpha).composite_over_white()
    assert found.tolist() == [[[255, 255, 255], [0, 100, 200], [204, 224, 244]]]
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
    found = Layers(numbers, numbers, numbers).crop(Window(1, 2, 2, 3))
    assert all((layer == numbers[1:3, 2:5]).all() for layer in found if layer is not None)
    assert Layers(numbers).crop(None).pixels is numbers


def test_what_goes_wrong_with_an_image_is_one_line() -> None:
    errors = [
        (MemoryError(), "not enough memory"),
        (KeyError("x"), "'x'"),
        (ValueError("a\nb"), "a b"),
        (OSError(2, "No such file"), "No such file"),
        (RuntimeError(), "RuntimeError"),
    ]
    for error, expected in errors:
        with pytest.raises(BadImage) as caught, guarded(Path("x.png")):
            raise error
        assert str(caught.value) == f"x.png: {expected}"
