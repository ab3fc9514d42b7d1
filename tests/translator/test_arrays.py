"""A `Translator` returns arrays for arrays and tensors for tensors, of the same type and range."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from random_images import noise

from translate.api import Translator
from translate.errors import DataError


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("shape", "expected_shape"),
    [
        ((9, 13, 3), (9, 13, 3)),
        ((9, 13, 1), (9, 13, 3)),
        ((9, 13, 4), (9, 13, 4)),
        ((9, 13), (9, 13, 3)),
        ((1, 1, 3), (1, 1, 3)),
    ],
)
def test_an_array_gives_an_array_of_its_type(
    translator: Translator, shape: tuple[int, ...], expected_shape: tuple[int, ...], dtype: Any
) -> None:
    output = translator(noise(*shape, dtype=dtype))
    assert isinstance(output, np.ndarray)
    assert (output.dtype, output.shape) == (dtype, expected_shape)


def test_a_gray_result_has_the_dimensions_of_the_input(gray_translator: Translator) -> None:
    assert gray_translator(noise(9, 13)).shape == (9, 13)
    assert gray_translator(noise(9, 13, 3)).shape == (9, 13, 1)
    assert gray_translator(Image.fromarray(noise(9, 13, 3))).mode == "L"
    assert gray_translator(Image.fromarray(noise(9, 13)), to="summer").mode == "RGB"


def test_16_bits_and_hidden_colours_give_the_same_result(translator: Translator) -> None:
    pixels = noise(8, 8, 3)
    deep = translator(pixels.astype(np.uint16) * 257)
    assert abs(deep / 257 - translator(pixels)).max() <= 0.5
    hidden = np.dstack([pixels, np.zeros((8, 8), np.uint8)])
    white = translator(np.full((8, 8, 3), 255, np.uint8)).tolist()
    for output in (translator(hidden), np.asarray(translator(Image.fromarray(hidden)))):
        assert output[..., :3].tolist() == white
        assert not output[..., 3].any()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_give_floats_in_the_same_range(translator: Translator, dtype: Any) -> None:
    pixels = noise(9, 13, 3)
    output = translator((pixels / 255).astype(dtype))
    assert output.dtype == dtype and 0 <= output.min() <= output.max() <= 1
    assert np.abs(output.astype(float) * 255 - translator(pixels)).max() <= 1
    assert translator(np.zeros((4, 4), np.float32)).shape == (4, 4, 3)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float64, torch.bfloat16])
def test_tensors_give_tensors(translator: Translator, dtype: torch.dtype) -> None:
    pixels = noise(9, 13, 3)
    expected = translator(pixels).astype(int)
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)
    images = tensor if dtype == torch.uint8 else (tensor / 255).to(dtype)
    output = translator(images)
    assert output.shape == (3, 9, 13) and output.dtype == dtype and output.device == images.device
    levels = output.double() if dtype == torch.uint8 else output.double() * 255
    tolerance = 3 if dtype == torch.bfloat16 else 1
    assert np.abs(levels.permute(1, 2, 0).numpy() - expected).max() <= tolerance
    batch = translator(torch.stack([images, images.flip(2)]))
    assert batch.shape == (2, 3, 9, 13) and torch.equal(batch[0], output)
    assert translator(images[:1]).shape == (3, 9, 13)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 4, 3), np.int64), r"got \(4, 4, 3\) of int64"),
        (np.full((4, 4, 3), 1.5), r"floats from 1.5 to 1.5: expected \[0, 1\]"),
        (np.full((4, 4, 3), np.nan), "not all values are finite"),
        (np.zeros((4, 4, 2), np.uint8), r"got \(4, 4, 2\) of uint8"),
        (np.zeros((1, 4, 4, 3), np.uint8), "expected"),
        (np.zeros((0, 4, 3), np.uint8), "expected"),
        (torch.zeros(9, 13), r"got a tensor of \(9, 13\): expected \(channels, height, width\)"),
        (torch.zeros(9, 13, 3), r"got a tensor of \(9, 13, 3\)"),
        (torch.full((3, 4, 4), -1.0), r"floats from -1 to -1: expected \[0, 1\].*\(x \+ 1\) / 2"),
        (torch.full((3, 4, 4), 255.0), "Divide 8-bit values by 255"),
        (torch.zeros(3, 4, 4, dtype=torch.int64), "of int64"),
        (np.zeros((3, 9, 13), np.uint8), r"Move channels last: array.transpose\(1, 2, 0\)"),
        (torch.zeros(3, 4, 4, device="meta"), "on meta, .*: expected a dense"),
        (torch.zeros(3, 4, 4).to_sparse(), "sparse_coo: expected a dense"),
        (Image.new("RGB", (0, 0)), "the PIL image is empty: 0x0 pixels"),
        (Image.new("F", (4, 4), 255.0), "the PIL image: its values go from 255 to 255"),
    ],
)
def test_a_value_that_is_not_an_image_is_refused_with_the_fix(
    translator: Translator, image: Any, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        translator(image)


@pytest.mark.parametrize("dtype", [">u2", ">f4", ">f8"])
def test_the_byte_order_of_an_array_does_not_matter(translator: Translator, dtype: str) -> None:
    pixels = noise(9, 13, 3, dtype=np.uint16)
    native = pixels if dtype == ">u2" else (pixels / 65535).astype(dtype[1:])
    np.testing.assert_array_equal(translator(native.astype(dtype)), translator(native))
