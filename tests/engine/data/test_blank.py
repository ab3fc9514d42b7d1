"""Blank crops on the meta device have the shapes of crops of images."""

from pathlib import Path

import torch
from specs import image_spec

from translate.engine.data.blank import Blank


def test_blank_crops_have_the_channels_of_their_domain_and_no_values(tmp_path: Path) -> None:
    blank = Blank((8, 12), image_spec((8, 12), ("photo", "depth"), 3, 1))
    image = blank.read(tmp_path / "never-opened.png")
    assert image.shape[:2] == (8, 12)
    crops = blank(image, image, roles=("source", "target"))
    assert [tuple(crop.shape) for crop in crops] == [(3, 8, 12), (1, 8, 12)]
    assert all(crop.is_meta and crop.dtype == torch.uint8 for crop in crops)
    assert blank(image, roles=("target",))[0].shape == (1, 8, 12)
    assert blank.roles == {"source", "target"}
