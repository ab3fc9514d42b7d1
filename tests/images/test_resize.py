"""Images of any dtype and number of channels are resized by an antialiased bicubic filter."""

import numpy as np
import pytest
from PIL import Image

from translate.images.resize import resize_pixels


def test_scaling_down_averages_and_a_constant_image_stays_constant() -> None:
    checkerboard = np.indices((8, 8)).sum(0, dtype=np.uint8)[..., None] % 2 * 255
    assert np.abs(resize_pixels(checkerboard, (4, 4)).astype(int) - 127.5).max() < 3
    constant = np.full((3, 5, 3), 77, np.uint8)
    for size in ((1, 1), (9, 2), (2, 9), (12, 20), (3, 5)):
        assert (resize_pixels(constant, size) == 77).all()
        assert resize_pixels(constant, size).shape == (*size, 3)
        assert resize_pixels(constant.astype(np.uint16), size).dtype == np.uint16


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("size", [(9, 31), (40, 17), (20, 30)])
def test_each_channel_of_bytes_is_resized_as_pillow_resizes_it(
    channels: int, size: tuple[int, int]
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, channels), np.uint8)
    resized = resize_pixels(pixels, size)
    for channel in range(channels):
        image = Image.fromarray(pixels[..., channel])
        expected = image.resize(size[::-1], Image.Resampling.BICUBIC)
        assert (resized[..., channel] == np.asarray(expected)).all()


@pytest.mark.parametrize("dtype", [np.uint16, np.int16])
def test_integers_of_16_bits_are_rounded_and_clipped_to_their_range(dtype: type) -> None:
    limits = np.iinfo(dtype)
    edge = np.array([[limits.min, limits.min, limits.max, limits.max]] * 4, dtype)[..., None]
    resized = resize_pixels(edge, (4, 9))[0, :, 0]
    assert (np.diff(resized.astype(int)) >= 0).all(), "overshoot must not wrap around"
    assert resized.dtype == dtype and {limits.min, limits.max} <= set(resized.tolist())
    ramp = (np.arange(16, dtype=dtype) * 1000)[None, :, None].repeat(4, 0)
    half_width = resize_pixels(ramp, (4, 8))[0, :, 0]
    assert np.abs(half_width[2:-2] - (np.arange(8) * 2000 + 500)[2:-2]).max() <= 1


def test_floats_are_neither_rounded_nor_clipped() -> None:
    step = np.array([[0.0, 0.0, 1.0, 1.0]] * 2, np.float32)[..., None]
    resized = resize_pixels(step, (2, 16))
    assert resized.dtype == np.float32 and resized.min() < 0 < 1 < resized.max()
