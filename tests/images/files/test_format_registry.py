"""The suffix of a file selects its format."""

import numpy as np
import pytest

from translate.errors import ConfigError
from translate.images.encode import encode_image
from translate.images.files.format_registry import can_hold, output_suffix


def test_a_suffix_in_any_case_selects_a_format_that_can_be_written() -> None:
    jpeg_start = b"\xff\xd8"
    assert encode_image(np.zeros((8, 8, 3), np.uint8), ".JPG").startswith(jpeg_start)
    assert can_hold(".PNG")
    assert not can_hold(".pgm", channels=3)
    assert not any(map(can_hold, (".gif", ".mpo", ".txt", "")))


def test_a_format_is_named_by_its_suffix_with_or_without_the_dot() -> None:
    assert {output_suffix(name) for name in ("png", ".png", "PNG")} == {".png"}
    assert output_suffix("pgm", channels=1) == ".pgm"
    with pytest.raises(ConfigError, match="cannot write 'pgm' of 3 channels"):
        output_suffix("pgm")
