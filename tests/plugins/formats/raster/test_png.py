"""PNG: damaged files are refused, never read as noise; other programs read what is written."""

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

from translate.errors import BadImage
from translate.folders.listing import find_images
from translate.formats import Header
from translate.images.source import EncodedImage, read_image
from translate_plugins.formats.raster import png

PIXELS = np.random.default_rng(0).integers(0, 256, (48, 40, 3)).astype(np.uint8)


def content(kind: str) -> bytes:
    buffer, image = BytesIO(), Image.fromarray(PIXELS)
    match kind:
        case "RGB":
            image.save(buffer, "PNG")
        case "palette":
            image.quantize(64).save(buffer, "PNG")
        case "animated":
            others = [Image.fromarray(np.roll(PIXELS, n, 0)) for n in (1, 2)]
            image.save(buffer, "PNG", save_all=True, append_images=others)
        case _:
            deep = PIXELS.astype(np.uint16) * 257
            buffer.write(cv2.imencode(".png", deep if kind == "RGB 16" else deep[..., 0])[1])
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["RGB", "RGB 16", "gray 16", "palette", "animated"])
@pytest.mark.parametrize("fraction", [0.02, 0.1, 0.5, 0.9])
def test_zeros_at_the_end_or_a_changed_byte_are_refused(kind: str, fraction: float) -> None:
    data = content(kind)
    lost_bytes = int(len(data) * fraction)
    for damaged in (data[:-lost_bytes] + bytes(lost_bytes), data[:-lost_bytes]):
        with pytest.raises(BadImage):
            decode_bytes(damaged)
    start = data.index(b"IDAT") + 4
    position = start + int((len(data) - start - 26) * (1 - fraction) * 0.5)
    changed_data = data[:position] + bytes([data[position] ^ 255]) + data[position + 1 :]
    with pytest.raises(BadImage, match="a damaged PNG"):
        decode_bytes(changed_data)


def test_damage_of_a_later_frame_is_refused() -> None:
    data = content("animated")
    position = data.rindex(b"fdAT") + 40
    damaged = data[:position] + bytes(4) + data[position + 4 :]
    with pytest.raises(BadImage, match="the checksum of its fdAT is wrong"):
        EncodedImage("x", damaged, 10_000).decode_layers(2)


def encode(pixels: NDArray[Any], **options: Any) -> bytes:
    return png.encode(pixels, Header(format="PNG", size=pixels.shape[:2], **options))


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
