"""HEIC files are read in their depth and written without loss."""

from importlib import util
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from encoded_images import decode_bytes, header_of

from translate.errors import BadImage
from translate.formats import Header
from translate.images.source import EncodedImage
from translate_plugins.formats.heif import Heif

pillow_heif = pytest.importorskip("pillow_heif")
PIXELS = (np.add.outer(np.arange(40), np.arange(60))[..., None] * [1, 2, 3] % 256).astype(np.uint8)


def heic(pixels: Any, mode: str, **options: Any) -> bytes:
    image = pillow_heif.from_bytes(mode, pixels.shape[1::-1], pixels.tobytes())
    image.save(buffer := BytesIO(), **options)
    return buffer.getvalue()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pixels_and_opacity_are_written_without_loss(channels: int) -> None:
    pixels = np.dstack([PIXELS, PIXELS[::-1, :, 0]])[..., :channels]
    like = Header(format="", size=(40, 60), channels=channels, alpha=channels == 4)
    image = EncodedImage("x", Heif().write(pixels, like))
    layers = image.decode_layers()
    assert (image.header.size, image.header.bits) == ((40, 60), 8)
    colours = layers.pixels if channels > 1 else layers.pixels[..., None]
    assert (colours == pixels[..., :3]).all()
    assert layers.alpha is None or (layers.alpha == pixels[..., 3]).all()


def test_10_bits_become_16_that_span_the_whole_range() -> None:
    levels = np.array([0, 512, 1023], np.uint16).repeat(64).reshape(-1, 16)
    levels = levels[..., None].repeat(3, 2)
    lossless = {"quality": -1, "chroma": 444, "matrix_coefficients": 0}
    data = heic((levels << 6).astype(np.uint16), "RGB;16", **lossless)
    header, pixels = header_of(data), decode_bytes(data)
    assert (header.bits, header.dtype) == (10, "uint16")
    assert (pixels == levels.astype(np.uint32) * 65535 // 1023).all()


def test_the_profile_is_kept_and_exif_data_on_request() -> None:
    profile = bytes(16) + b"RGB " + bytes(300)
    like = Header(format="", size=(40, 60), extra={"icc_profile": profile})
    header = header_of(Heif().write(PIXELS, like))
    assert header.extra["icc_profile"] == profile


def test_a_damaged_file_is_refused() -> None:
    data = Heif().write(PIXELS, Header(format="", size=(40, 60)))
    for damaged in (data[:100], data[: len(data) // 2], data[:30] + bytes(len(data) - 30)):
        with pytest.raises(BadImage):
            decode_bytes(damaged)


def test_without_the_package_the_command_that_installs_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data, find = Heif().write(PIXELS, Header(format="", size=(40, 60))), util.find_spec

    def find_others(name: str, *arguments: Any) -> Any:
        return None if name == "pillow_heif" else find(name, *arguments)

    for module in ("translate.errors", "translate_plugins.formats.heif"):
        monkeypatch.setattr(f"{module}.find_spec", find_others)
    with pytest.raises(BadImage, match=r'pip install "translate-kit\[heif\]"'):
        decode_bytes(data)
    assert not Heif().writes
