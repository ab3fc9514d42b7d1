"""A decoded image has pixels in the channels of a domain, and an alpha channel."""

from pathlib import Path

import numpy as np
from PIL import Image

from translate.batches import Domain
from translate.engine.pixels.decoded_input import DecodedInput
from translate.images.layers import Layers
from translate.images.source import EncodedImage


def test_a_gray_file_has_the_channels_of_its_domain(tmp_path: Path) -> None:
    path = tmp_path / "gray.png"
    Image.fromarray(np.arange(16, dtype=np.uint8).reshape(4, 4)).save(path)
    image = EncodedImage.open(path)
    decoded = DecodedInput(image.decode_layers(), path, image)
    assert decoded.has_one_channel
    assert decoded.pixels(Domain("gray", channels=1)).shape == (4, 4, 1)
    assert decoded.pixels(Domain("colour")).shape == (4, 4, 3)
    assert decoded.profile_for(3) == b""


def test_alpha_is_copied_to_the_output_unless_it_is_a_channel_of_the_domain() -> None:
    pixels, alpha = np.full((2, 3, 3), 9, np.uint8), np.full((2, 3), 7, np.uint8)
    decoded = DecodedInput(Layers(pixels, alpha), Path("x"))
    copied = decoded.passthrough_alpha(Domain("photo"))
    assert copied is not None and copied.shape == (2, 3, 1)
    assert decoded.passthrough_alpha(Domain("sprite", channels=4, alpha=True)) is None
    assert decoded.pixels(Domain("sprite", channels=4, alpha=True)).shape == (2, 3, 4)
    assert DecodedInput(Layers(pixels), Path("x")).passthrough_alpha(Domain("photo")) is None
