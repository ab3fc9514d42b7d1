"""JPEG XL files: size limit; `tests/contract/files/test_formats.py` tests pixels and damage."""

import numpy as np
import pytest
from encoded_images import header_of

from translate.errors import BadImage
from translate.formats import Header
from translate_plugins.formats.jxl import Jxl

pytest.importorskip("pillow_jxl")


def test_too_many_pixels_are_refused_before_they_are_decoded() -> None:
    data = Jxl().write(np.zeros((24, 17, 3), np.uint8), Header(format="", size=(24, 17)))
    with pytest.raises(BadImage, match="more than 400 pixels"):
        header_of(data, max_pixels=400)
