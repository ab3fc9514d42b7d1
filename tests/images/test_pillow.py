from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from translate.images.layers import convert_channels
from translate.images.pillow import to_layers
from translate_plugins.formats.pillow import ORIENTATION

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
GOLDEN = np.array([[RED, GREEN, BLUE], [BLUE, WHITE, RED]], np.uint8).repeat(8, 0).repeat(8, 1)
"""Two rows of three 8x8 squares, which no rotation or mirror leaves as it was."""


def content(picture: Image.Image | NDArray[Any], form: str, **options: Any) -> bytes:
    buffer = BytesIO()
    picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def test_pictures_and_arrays_in_memory_are_taken_as_files_are() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    turned = Image.open(BytesIO(content(GOLDEN, "PNG", exif=exif)))
    assert (to_layers(ImageOps.exif_transpose(turned)).flatten() == np.rot90(GOLDEN, -1)).all()
    clear = np.zeros((2, 3, 4), np.uint16)
    assert (convert_channels(clear, 3) == 65535).all()
    assert convert_channels(clear[..., :1], 3).shape == (2, 3, 3)
    assert (convert_channels(GOLDEN, 3) == GOLDEN).all()
