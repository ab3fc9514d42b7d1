"""PNG files hold the pixels that were written, whoever reads them."""

import time
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from encoded_images import decode_bytes
from numpy.typing import NDArray
from PIL import Image

from translate.folders.listing import find_images
from translate.formats import Header
from translate.images.source import EncodedImage, read_image
from translate_plugins.formats.raster import png_write


def noise(channels: int, dtype: str) -> NDArray[Any]:
    top = np.iinfo(dtype).max
    random = np.random.default_rng(0)
    return random.integers(0, top, (17, 13, channels), dtype, endpoint=True)


def encode(pixels: NDArray[Any], **options: Any) -> bytes:
    return png_write.encode(pixels, Header(format="PNG", size=pixels.shape[:2], **options))


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_kind_of_pixels_is_read_back(dtype: str, channels: int) -> None:
    pixels, alpha = noise(channels, dtype), channels in (2, 4)
    data = encode(pixels, channels=channels, alpha=alpha, dtype=dtype)
    image = EncodedImage("x", data)
    header, layers = image.header, image.decode_layers()
    assert (header.channels, header.alpha, header.dtype) == (channels, alpha, dtype)
    colours = layers.pixels if layers.pixels.ndim == 3 else layers.pixels[..., None]
    assert (colours == pixels[..., : channels - alpha]).all()
    assert layers.alpha is None or (layers.alpha == pixels[..., -1]).all()


def test_other_readers_agree() -> None:
    pixels = noise(3, "uint8")
    with Image.open(BytesIO(encode(pixels))) as image:
        assert (np.asarray(image) == pixels).all()
    deep = noise(4, "uint16")
    read = cv2.imdecode(np.frombuffer(encode(deep), np.uint8), cv2.IMREAD_UNCHANGED)
    assert read is not None
    assert (read == deep[..., [2, 1, 0, 3]]).all()


def test_one_pixel_and_one_row_are_written() -> None:
    for shape in ((1, 1, 3), (1, 300, 1), (300, 1, 3)):
        pixels = np.full(shape, 200, np.uint8)
        assert (decode_bytes(encode(pixels), channels=shape[2]) == pixels).all()


def test_the_colour_profile_and_exif_data_are_kept() -> None:
    profile, exif = bytes(16) + b"RGB " + bytes(300), Image.Exif()
    exif[271] = "a maker"
    header = {"extra": {"icc_profile": profile}, "private": {"exif": exif.tobytes()}}
    with Image.open(BytesIO(encode(noise(3, "uint8"), **header))) as image:
        assert image.info["icc_profile"] == profile
        assert image.getexif()[271] == "a maker"


@pytest.mark.slow
def test_photographs_are_written_4_times_as_fast_as_by_pillow(shared_images: Path) -> None:
    paths = find_images(shared_images / "horse2zebra/testA")[:12]
    photographs = [read_image(path) for path in paths]
    seconds, size = {"ours": 1e9, "pillow": 1e9}, dict.fromkeys(("ours", "pillow"), 0)

    def pillow(pixels: NDArray[Any]) -> bytes:
        buffer = BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        return buffer.getvalue()

    for _ in range(5):
        for name, write in (("ours", encode), ("pillow", pillow)):
            start = time.perf_counter()
            size[name] = sum(len(write(pixels)) for pixels in photographs)
            seconds[name] = min(seconds[name], time.perf_counter() - start)
    assert seconds["pillow"] / seconds["ours"] > 4, seconds
    assert size["ours"] / size["pillow"] < 1.3, size
