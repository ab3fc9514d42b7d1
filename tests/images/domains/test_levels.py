"""Pixel values are mapped to networks and back, change their dtype, and are counted if clipped."""

import numpy as np
import pytest

from translate.batches import DTYPES, FULL_RANGES, Domain
from translate.images.domains.levels import (
    ClippedNumbers,
    network_input_array,
    network_output_pixels,
    scale_dtype,
)
from translate.images.tensors import network_input


@pytest.mark.parametrize("ends", [None, (-1024, 3071), (100.5, 60000)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_are_mapped_as_tensors_are_and_back_unchanged(
    dtype: str, ends: tuple[float, float] | None
) -> None:
    low, high = ends or FULL_RANGES[dtype]
    domain = Domain("a", channels=1, range=(low, high), dtype=dtype)
    lowest, highest = (low, high) if dtype == "float32" else FULL_RANGES[dtype]
    values = np.linspace(max(low, lowest), min(high, highest), 1000)
    pixels = (values if dtype == "float32" else np.ceil(values)).astype(dtype).reshape(1, -1, 1)
    floats = network_input_array(pixels, domain)
    assert np.array_equal(floats, network_input(pixels, "cpu", domain).numpy())
    result = network_output_pixels(floats, domain)[0]
    assert result.dtype == dtype
    tolerance = (high - low) * 2**-23 if dtype == "float32" else 0
    assert np.abs(result.astype(float) - pixels).max() <= tolerance


def test_sixteen_bits_are_rounded_to_the_nearest_of_256_levels() -> None:
    levels = np.array([0, 128, 129, 257, 65535 - 128, 65535], np.uint16)
    assert scale_dtype(levels, "uint8").tolist() == [0, 0, 1, 1, 255, 255]


def test_white_stays_white_in_every_dtype() -> None:
    levels = np.array([0, 1, 128, 255], np.uint8)
    assert scale_dtype(levels, "uint16").tolist() == [0, 257, 128 * 257, 65535]
    assert scale_dtype(scale_dtype(levels, "float32"), "uint8").tolist() == levels.tolist()
    assert scale_dtype(np.array([0, 1], np.float32), "uint16").tolist() == [0, 65535]
    assert scale_dtype(levels, "uint8") is levels


def test_outputs_outside_the_range_are_counted_except_for_photographs_and_label_maps() -> None:
    values = np.array([[-1.5, -1.0, 0.0, 1.000001], [1.2, 1.3, 0.5, np.nan]], np.float32)
    clipped = ClippedNumbers(Domain("ct", 1, (-1000.0, 1000.0), "int16"))
    assert clipped.notes() == ()
    clipped.add(values[:1])
    clipped.add(values[1:])
    (note,) = clipped.notes()
    text = "12.5 % of output ct below -1000 and 25.0 % of output ct above 1000: clipped"
    assert (note.kind, note.text) == ("saturation", text)
    for domain in (Domain("photo"), Domain("classes", 1, labels=True)):
        clipped = ClippedNumbers(domain)
        clipped.add(values)
        assert clipped.notes() == ()
