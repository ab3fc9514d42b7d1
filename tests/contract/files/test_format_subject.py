"""The examples for a format cover the channels, dtypes and alpha that the format can write."""

import numpy as np
from plain_format import PlainFormat

from translate.contract.files.format_subject import ExampleImage, as_array, example_images
from translate.images.layers import Layers


def test_examples_have_every_dtype_and_the_largest_number_of_channels() -> None:
    examples = list(example_images(PlainFormat()))
    assert {example.dtype for example in examples} == {"uint8", "uint16", "int16", "float32"}
    assert {example.channels for example in examples if example.dtype == "uint8"} == {1, 2, 3, 4, 5}
    assert {example.colours for example in examples if example.alpha} == {1, 3}


def test_the_pixels_of_an_example_span_their_dtype_and_are_always_the_same() -> None:
    example = ExampleImage(".x", 3, "int16", alpha=True)
    pixels = example.pixels()
    assert pixels.shape == (9, 13, 4)
    assert pixels.dtype == np.int16
    assert pixels.min() < -30_000 < 30_000 < pixels.max()
    assert (pixels == example.pixels()).all()
    assert (example.header().channels, example.header().alpha) == (4, True)


def test_layers_and_arrays_become_arrays_of_three_dimensions() -> None:
    gray = np.ones((2, 3), np.uint8)
    assert as_array(gray).shape == as_array(Layers(gray)).shape == (2, 3, 1)
    assert as_array(Layers(gray, gray)).shape == (2, 3, 2)
