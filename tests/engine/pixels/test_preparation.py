"""Alpha and dtype are kept if the output can store them; which images are read in windows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from encoded_arrays import read_array, write_array
from hole_filling import translate_images
from identity_models import identity_model
from image_inversion import listed_notes
from tint_recipe import SPEC, Tint

from translate.batches import Domain
from translate.engine.models.model import Model
from translate.engine.models.tile_options import TileOptions
from translate.engine.pixels.preparation import takes_windows
from translate.engine.pixels.processing import ImageProcessor

PHOTO = Domain("photo")
RANDOM = np.random.default_rng(0)


def test_alpha_is_resized_with_the_image(tmp_path: Path) -> None:
    pixels = np.full((16, 8, 4), 255, np.uint8)
    pixels[:8, :, 3] = 0
    write_array(tmp_path / "in/a.png", pixels)
    translate_images(tmp_path / "in", tmp_path / "out", identity_model(PHOTO), size=4)
    result = read_array(tmp_path / "out/a.png")
    assert result.shape == (8, 4, 4)
    assert result[[0, -1], 0, 3].tolist() == [0, 255]


def test_D5_colours_are_composited_over_white_if_the_output_has_no_alpha(tmp_path: Path) -> None:
    pixels = np.zeros((8, 8, 4), np.uint8)
    write_array(tmp_path / "in/a.png", pixels)
    translate_images(tmp_path / "in", tmp_path / "out", identity_model(PHOTO), format="bmp")
    assert (read_array(tmp_path / "out/a.bmp") == 255).all()
    assert listed_notes(tmp_path / "out") == [("a.png", "transparency is composited over white")]


def test_16_bits_are_kept_if_the_output_can_store_them(tmp_path: Path) -> None:
    pixels = RANDOM.integers(0, 65536, (9, 7, 3)).astype(np.uint16)
    write_array(tmp_path / "in/a.png", pixels)
    model = identity_model(PHOTO)
    translate_images(tmp_path / "in", tmp_path / "out", model)
    assert (read_array(tmp_path / "out/a.png") == pixels).all()
    assert listed_notes(tmp_path / "out") == []
    translate_images(tmp_path / "in", tmp_path / "bmp", model, format="bmp")
    assert read_array(tmp_path / "bmp/a.bmp").dtype == np.uint8
    assert listed_notes(tmp_path / "bmp") == [("a.png", "16 bits a channel become 8")]


def test_values_outside_the_range_are_clipped_and_reported(tmp_path: Path) -> None:
    ct = Domain("ct", 1, (-1024, 3071), "int16", "HU")
    pixels = np.zeros((10, 10, 1), np.int16)
    pixels[0, :3], pixels[1, 0] = 4000, -2000
    write_array(tmp_path / "in/a.npy", pixels)
    translate_images(tmp_path / "in", tmp_path / "out", identity_model(ct))
    assert (read_array(tmp_path / "out/a.npy") == pixels.clip(-1024, 3071)).all()
    assert listed_notes(tmp_path / "out") == [
        ("a.npy", "1.0 % of ct below -1024 and 3.0 % of ct above 3071: clipped")
    ]


@pytest.mark.parametrize(
    ("dtype", "channels", "message"),
    [
        ("uint8", 1, "its pixel values are uint8, and those of ct are int16 from -1024 to 3071"),
        ("int16", 2, "has 2 bands, and ct has 1"),
    ],
)
def test_files_with_another_dtype_or_other_bands_are_listed(
    tmp_path: Path, dtype: str, channels: int, message: str
) -> None:
    ct = Domain("ct", 1, (-1024, 3071), "int16", "HU")
    write_array(tmp_path / "in/a.npy", np.zeros((8, 8, channels), dtype))
    write_array(tmp_path / "in/b.npy", np.zeros((8, 8, 1), np.int16))
    result = translate_images(tmp_path / "in", tmp_path / "out", identity_model(ct))
    assert (result.done, result.listed) == (1, 1)
    assert message in (tmp_path / "out/problems.jsonl").read_text()


def test_windows_need_tiles_a_format_with_windows_and_an_image_that_is_not_scaled() -> None:
    model = Model("x", "x", SPEC, recipe=Tint())
    limits = TileOptions(64, None, Path())
    processor = ImageProcessor(model, "sharp", limits=limits)
    assert takes_windows(processor, ".tif") is True
    assert takes_windows(processor, ".png") is False
    without_tile = replace(processor, limits=replace(limits, tile=None))
    assert takes_windows(without_tile, ".tif") is None, "the message advises --tile"
    for change in ({"size": 32}, {"half": 0}, {"scale_back": True}):
        assert takes_windows(replace(processor, **change), ".tif") is False  # type: ignore[arg-type]
    masked = Model("x", "x", SPEC, recipe=Tint(mask=True))
    assert takes_windows(replace(processor, model=masked), ".tif") is False
