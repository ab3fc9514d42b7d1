from dataclasses import FrozenInstanceError
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from translate.errors import BadImage
from translate.formats import Window
from translate.images.source import EncodedImage

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)


def encode(image: Image.Image) -> EncodedImage:
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return EncodedImage("upload", buffer.getvalue())


def test_hash_header_and_pixels_come_from_the_bytes_that_were_read(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    Image.fromarray(PIXELS).save(path)
    image, content = EncodedImage.open(path), path.read_bytes()
    path.write_bytes(b"changed")
    assert image.sha256 == sha256(content).hexdigest()
    assert image.header.size == (6, 5)
    assert (image.decode() == PIXELS).all()


def test_bytes_are_an_image_with_any_name() -> None:
    assert (encode(Image.fromarray(PIXELS)).decode() == PIXELS).all()
    with pytest.raises(BadImage, match=r"^an upload: no image of a known format"):
        EncodedImage("an upload", b"neither").decode()


def test_channels_are_those_of_the_file_unless_they_are_given() -> None:
    gray = encode(Image.fromarray(PIXELS[..., 0]))
    assert gray.decode().shape == (6, 5, 1)
    assert gray.decode(channels=3).shape == (6, 5, 3)
    assert encode(Image.fromarray(PIXELS)).decode(channels=1).shape == (6, 5, 1)


def test_a_window_is_that_part_of_the_image() -> None:
    image = encode(Image.fromarray(PIXELS))
    assert (image.decode(window=Window(1, 2, 3, 2)) == PIXELS[1:4, 2:4]).all()


def test_an_image_cannot_be_changed_and_does_not_print_its_bytes() -> None:
    image = encode(Image.fromarray(PIXELS))
    with pytest.raises(FrozenInstanceError):
        image.name = "other"  # type: ignore[misc]
    assert len(repr(image)) < 100
