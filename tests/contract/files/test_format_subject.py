"""The samples for a format cover the channels, dtypes and alpha that the format can write."""

import numpy as np
from plain_format import PlainFormat

from translate.contract.files.format_subject import Sample, as_array, samples_of
from translate.images.layers import Layers


def test_samples_have_every_dtype_and_the_largest_number_of_channels() -> None:
    samples = list(samples_of(PlainFormat()))
    assert {sample.dtype for sample in samples} == {"uint8", "uint16", "int16", "float32"}
    assert {sample.channels for sample in samples if sample.dtype == "uint8"} == {1, 2, 3, 4, 5}
    assert {sample.colours for sample in samples if sample.alpha} == {1, 3}


def test_the_pixels_of_a_sample_span_their_dtype_and_are_always_the_same() -> None:
    sample = Sample(".x", 3, "int16", alpha=True)
    pixels = sample.pixels()
    assert pixels.shape == (9, 13, 4)
    assert pixels.dtype == np.int16
    assert pixels.min() < -30_000 < 30_000 < pixels.max()
    assert (pixels == sample.pixels()).all()
    assert (sample.header().channels, sample.header().alpha) == (4, True)


def test_layers_and_arrays_become_arrays_of_three_dimensions() -> None:
    gray = np.ones((2, 3), np.uint8)
    assert as_array(gray).shape == as_array(Layers(gray)).shape == (2, 3, 1)
    assert as_array(Layers(gray, gray)).shape == (2, 3, 2)
