"""Damaged, huge and foreign files are refused with a reason, before memory is allocated."""

import os
import resource
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from encoded_images import png_file
from PIL import Image
from random_images import SIX_SQUARES, encode, noise

from translate.errors import BadImage
from translate.folders.listing import find_images
from translate.images.source import read_image


def test_every_damaged_file_is_a_bad_image_with_a_reason(file: Callable[..., Path]) -> None:
    jpeg, png = encode(noise(64, 64, 3), "JPEG"), encode(noise(64, 64, 3), "PNG")
    deep = cv2.imencode(".png", noise(64, 64, 3, dtype=np.uint16))[1].tobytes()
    cases = {
        "an empty file": b"",
        "no image of a known format": b"<html><body>404</body></html>",
        "truncated": jpeg[: len(jpeg) // 2],
        "a truncated PNG": png[: len(png) // 2],
        "a truncated": deep[: len(deep) // 2],
    }
    for reason, data in cases.items():
        with pytest.raises(BadImage, match=reason) as error:
            read_image(file(data, "bad.jpg"))
        assert error.value.path.name == "bad.jpg"
        assert "\n" not in str(error.value)


def test_a_path_that_is_not_a_file_is_a_bad_image(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")  # reading it would block
    for path in (tmp_path / "gone.png", tmp_path, tmp_path / "pipe.png"):
        with pytest.raises(BadImage):
            read_image(path)


def test_D10_other_formats_are_not_decoded(file: Callable[..., Path]) -> None:
    with pytest.raises(BadImage, match="no image of a known format"):
        read_image(file(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "x.png"))


def decompression_bomb(side: int) -> bytes:
    """Return a valid black PNG of `side` by `side` bits, a thousandth of that in bytes."""
    compressor = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    rows = b"".join(compressor.compress(row) for _ in range(side)) + compressor.flush()
    return png_file((side, side), 1, 0, rows)


def test_D8_too_many_pixels_are_refused_before_any_is_decoded(file: Callable[..., Path]) -> None:
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(BadImage, match="more than 178,956,970 pixels"):
        read_image(file(decompression_bomb(30_000)))
    small = encode(SIX_SQUARES, "PNG")
    with pytest.raises(BadImage, match="more than 383 pixels"):
        read_image(file(small), max_pixels=383)
    assert read_image(file(small), max_pixels=384).shape == SIX_SQUARES.shape
    assert before == Image.MAX_IMAGE_PIXELS


def test_no_memory_is_allocated_for_a_chunk_that_states_gigabytes(
    file: Callable[..., Path],
) -> None:
    deep = bytearray(cv2.imencode(".png", noise(9, 7, 3, dtype=np.uint16))[1].tobytes())
    position = deep.index(b"IDAT") - 4
    deep[position : position + 4] = (2_000_000_000).to_bytes(4, "big")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadImage, match="a truncated PNG"):
        read_image(file(bytes(deep)))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_files_of_the_nasty_folder_are_read_or_refused_with_a_reason(shared_images: Path) -> None:
    outcomes: dict[str, Any] = {}
    for path in find_images(shared_images / "nasty"):
        try:
            outcomes[path.name] = read_image(path)
        except BadImage as bad:
            outcomes[path.name] = bad.reason
    refused = {name for name, outcome in outcomes.items() if isinstance(outcome, str)}
    assert refused == {
        "broken.png", "broken_data_stream.png", "decompression_bomb.gif",
        "made_bomb_30000x30000_1bit.png", "made_halfjpeg_zebra.jpg", "made_text_named.jpg",
        "made_zero_bytes.jpg", "png_decompression_dos.png", "truncated_image.png",
        "truncated_jpeg.jpg", "ultrahdr.jpg", "zero_width.gif",
    }  # fmt: skip
    assert len(outcomes) - len(refused) > 40
    deep = outcomes["made_gray16_zebra.png"]
    assert deep.dtype == np.uint16
    assert deep.mean() / 257 == pytest.approx(87.3, abs=0.1)  # 252 if values above 255 are clipped
    assert outcomes["orientation_rectangle.jpg"].shape == (2, 1, 3)
