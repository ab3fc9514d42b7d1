"""An image file is hashed, described and decoded from the bytes that were read once."""

from dataclasses import FrozenInstanceError
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from translate.errors import BadImage
from translate.formats import Window
from translate.images.source import EncodedImage

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)


def encode(pixels: NDArray[np.uint8]) -> EncodedImage:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return EncodedImage("upload", buffer.getvalue())


def test_hash_header_and_pixels_come_from_the_bytes_that_were_read(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    Image.fromarray(PIXELS).save(path)
    image, content = EncodedImage.open(path), path.read_bytes()
    path.write_bytes(b"changed")
    assert image.sha256 == sha256(content).hexdigest()
    assert image.header.size == (6, 5)
    assert (image.decode() == PIXELS).all()


def test_bytes_in_memory_are_decoded_and_named_in_errors() -> None:
    assert (encode(PIXELS).decode() == PIXELS).all()
    with pytest.raises(BadImage, match=r"^an upload: no image of a known format"):
        EncodedImage("an upload", b"not an image").decode()


def test_channels_are_those_of_the_file_unless_they_are_given() -> None:
    gray = encode(PIXELS[..., 0])
    assert gray.decode().shape == (6, 5, 1)
    assert gray.decode(channels=3).shape == (6, 5, 3)
    assert encode(PIXELS).decode(channels=1).shape == (6, 5, 1)


def test_only_the_window_of_the_image_is_returned() -> None:
    pixels = encode(PIXELS).decode(window=Window(1, 2, 3, 2))
    assert (pixels == PIXELS[1:4, 2:4]).all()


def test_an_image_cannot_be_changed_and_does_not_print_its_bytes() -> None:
    image = encode(PIXELS)
    with pytest.raises(FrozenInstanceError):
        image.name = "other"  # type: ignore[misc]
    assert len(repr(image)) < 100


def test_only_the_first_bytes_of_an_open_file_are_read_but_all_are_hashed(tmp_path: Path) -> None:
    content = bytes(range(256)) * 8192
    path = tmp_path / "large.tif"
    path.write_bytes(content)
    image = EncodedImage.open_file(path)
    assert image.file is not None
    assert image.data == content[: 1 << 20]
    image.file.seek(-3, 2)
    assert image.file.read() == content[-3:]
    assert image.sha256 == sha256(content).hexdigest()
    image.verify_unchanged()
    image.close()
    assert image.file.closed


@pytest.mark.parametrize("change", ["written to", "replaced"])
def test_an_open_file_that_changes_is_refused(tmp_path: Path, change: str) -> None:
    path = tmp_path / "large.tif"
    path.write_bytes(b"12345")
    image = EncodedImage.open_file(path)
    if change == "replaced":
        (tmp_path / "other").write_bytes(b"12345")
        (tmp_path / "other").replace(path)
    else:
        with path.open("ab") as file:
            file.write(b"6")
    with pytest.raises(BadImage, match="changed while it was read"):
        image.verify_unchanged()
    image.close()


def test_a_missing_or_empty_file_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(BadImage, match="not there"):
        EncodedImage.open_file(tmp_path / "none.tif")
    (tmp_path / "empty.tif").touch()
    with pytest.raises(BadImage, match="an empty file"):
        EncodedImage.open_file(tmp_path / "empty.tif")
