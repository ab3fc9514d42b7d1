"""A mask belongs to the image with its name."""

import unicodedata
from pathlib import Path

import pytest

from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.inputs.masks import with_masks
from translate.errors import ConfigError


def test_a_mask_is_found_by_name_in_any_unicode_form(tmp_path: Path) -> None:
    job = Job.of(tmp_path / "in" / unicodedata.normalize("NFC", "é.png"), tmp_path / "out/é.png")
    mask = tmp_path / "masks" / unicodedata.normalize("NFD", "é.bmp")
    mask.parent.mkdir()
    mask.write_bytes(b"x")
    assert with_masks([job], mask.parent) == [job._replace(mask=mask)]


def test_two_masks_of_one_image_are_refused(tmp_path: Path) -> None:
    job = Job.of(tmp_path / "in/1.png", tmp_path / "out/1.png")
    for name in ("1.png", "1.jpg"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ConfigError, match="are for one image: keep one of them"):
        with_masks([job], tmp_path)
