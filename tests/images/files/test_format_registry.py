import numpy as np
import pytest

from translate.errors import ConfigError
from translate.images.encode import encode_image
from translate.images.files.format_registry import can_hold, output_suffix

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
GOLDEN = np.array([[RED, GREEN, BLUE], [BLUE, WHITE, RED]], np.uint8).repeat(8, 0).repeat(8, 1)
"""two rows of three 8x8 squares, changed by every rotation and reflection"""


def test_the_suffix_selects_the_format_and_unknown_ones_are_refused() -> None:
    assert encode_image(GOLDEN, ".JPG").startswith(b"\xff\xd8")
    assert can_hold(".PNG")
    assert not can_hold(".pgm", channels=3)
    assert not any(map(can_hold, (".gif", ".mpo", ".txt", "")))


def test_a_format_is_named_by_its_suffix() -> None:
    assert {output_suffix(name) for name in ("png", ".png", "PNG")} == {".png"}
    assert output_suffix("pgm", channels=1) == ".pgm"
    with pytest.raises(ConfigError, match="cannot write 'pgm' of 3 channels"):
        output_suffix("pgm")
