"""JPEG XL files are read in their own type of numbers, and written without loss."""

from importlib import util
from typing import Any

import numpy as np
import pytest
from encoded_images import decode_bytes, header_of

from translate.errors import BadImage
from translate.formats import Header
from translate.images.source import EncodedImage
from translate_plugins.formats.jxl import Jxl

pytest.importorskip("pillow_jxl")


def noise(channels: int, dtype: str) -> Any:
    random = np.random.default_rng(0)
    if dtype == "float32":
        return random.random((24, 17, channels)).astype(dtype)
    return random.integers(0, np.iinfo(dtype).max, (24, 17, channels), dtype, endpoint=True)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_type_is_written_without_loss(dtype: str, channels: int) -> None:
    pixels, alpha = noise(channels, dtype), channels in (2, 4)
    like = Header(format="", size=(24, 17), channels=channels, alpha=alpha)
    image = EncodedImage("x", Jxl().write(pixels, like))
    header, layers = image.header, image.decode_layers()
    assert (header.size, header.channels, header.alpha) == ((24, 17), channels, alpha)
    assert header.dtype == layers.pixels.dtype == dtype
    assert (layers.pixels.reshape(24, 17, -1) == pixels[..., : channels - alpha]).all()
    assert layers.alpha is None or (layers.alpha == pixels[..., -1]).all()


def test_too_many_pixels_are_refused_before_they_are_decoded() -> None:
    data = Jxl().write(noise(3, "uint8"), Header(format="", size=(24, 17)))
    with pytest.raises(BadImage, match="more than 400 pixels"):
        header_of(data, max_pixels=400)


def test_a_damaged_file_is_refused() -> None:
    data = Jxl().write(noise(3, "uint8"), Header(format="", size=(24, 17)))
    for damaged in (data[:5], data[:20], data[: len(data) // 2], data[:12] + bytes(500)):
        with pytest.raises(BadImage):
            decode_bytes(damaged)


def test_without_the_package_the_command_that_installs_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data, find = Jxl().write(noise(3, "uint8"), Header(format="", size=(24, 17))), util.find_spec

    def find_others(name: str, *arguments: Any) -> Any:
        return None if name == "pillow_jxl" else find(name, *arguments)

    for module in ("translate.errors", "translate_plugins.formats.jxl"):
        monkeypatch.setattr(f"{module}.find_spec", find_others)
    with pytest.raises(BadImage, match=r'pip install "translate-kit\[jxl\]"'):
        decode_bytes(data)
    assert not Jxl().writes
