"""HEIC files: depth, colour profile; `tests/contract/files/test_formats.py` tests the pixels."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from encoded_images import decode_bytes, header_of

from translate.formats import Header
from translate_plugins.formats.heif import Heif

pillow_heif = pytest.importorskip("pillow_heif")
PIXELS = (np.add.outer(np.arange(40), np.arange(60))[..., None] * [1, 2, 3] % 256).astype(np.uint8)


def heic(pixels: Any, mode: str, **options: Any) -> bytes:
    image = pillow_heif.from_bytes(mode, pixels.shape[1::-1], pixels.tobytes())
    image.save(buffer := BytesIO(), **options)
    return buffer.getvalue()


def test_10_bits_are_scaled_to_16_bits() -> None:
    levels = np.array([0, 512, 1023], np.uint16).repeat(64).reshape(-1, 16)
    levels = levels[..., None].repeat(3, 2)
    lossless = {"quality": -1, "chroma": 444, "matrix_coefficients": 0}
    data = heic((levels << 6).astype(np.uint16), "RGB;16", **lossless)
    header, pixels = header_of(data), decode_bytes(data)
    assert (header.bits, header.dtype) == (10, "uint16")
    assert (pixels == levels.astype(np.uint32) * 65535 // 1023).all()


def test_the_colour_profile_is_kept() -> None:
    profile = bytes(16) + b"RGB " + bytes(300)
    like = Header(format="", size=(40, 60), extra={"icc_profile": profile})
    header = header_of(Heif().write(PIXELS, like))
    assert header.extra["icc_profile"] == profile
