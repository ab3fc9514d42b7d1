"""A decoded image gives its pixels in the channels of a domain, and says what was lost."""

from pathlib import Path

import numpy as np
from PIL import Image

from translate.batches import Domain
from translate.engine.inference.decoded import DecodedInput
from translate.images.source import EncodedImage


def test_a_gray_file_has_the_channels_of_its_domain(tmp_path: Path) -> None:
    path = tmp_path / "gray.png"
    Image.fromarray(np.arange(16, dtype=np.uint8).reshape(4, 4)).save(path)
    image = EncodedImage.open(path)
    decoded = DecodedInput(image.decode_layers(), path, image)
    assert decoded.is_gray
    assert decoded.pixels(Domain("gray", channels=1)).shape == (4, 4, 1)
    assert decoded.pixels(Domain("colour")).shape == (4, 4, 3)
    assert decoded.notes(Domain("colour"), hole=False) == ()
    assert decoded.profile_for(3) == b""
