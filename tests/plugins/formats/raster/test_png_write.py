"""PNG files for other readers: pixels, profiles, speed; the contract tests what we read back."""

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
from random_images import noise

from translate.folders.listing import find_images
from translate.formats import Header
from translate.images.source import read_image
from translate_plugins.formats.raster import png_write


def encode(pixels: NDArray[Any], **options: Any) -> bytes:
    return png_write.encode(pixels, Header(format="PNG", size=pixels.shape[:2], **options))


def test_pillow_and_opencv_read_the_pixels_that_were_written() -> None:
    pixels = noise(17, 13, 3)
    with Image.open(BytesIO(encode(pixels))) as image:
        assert (np.asarray(image) == pixels).all()
    deep = noise(17, 13, 4, dtype=np.uint16)
    decoded = cv2.imdecode(np.frombuffer(encode(deep), np.uint8), cv2.IMREAD_UNCHANGED)
    assert decoded is not None
    assert (decoded == deep[..., [2, 1, 0, 3]]).all()  # OpenCV's order is blue, green, red, alpha


def test_images_of_one_pixel_one_row_and_one_column_are_written() -> None:
    for shape in ((1, 1, 3), (1, 300, 1), (300, 1, 3)):
        pixels = np.full(shape, 200, np.uint8)
        assert (decode_bytes(encode(pixels), channels=shape[2]) == pixels).all()


def test_the_colour_profile_and_exif_data_are_kept() -> None:
    profile, exif = bytes(16) + b"RGB " + bytes(300), Image.Exif()
    exif[271] = "a maker"
    header = {"extra": {"icc_profile": profile}, "private": {"exif": exif.tobytes()}}
    with Image.open(BytesIO(encode(noise(17, 13, 3), **header))) as image:
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
