"""Which images are read in windows."""

from dataclasses import replace
from pathlib import Path

from tint_recipe import SPEC, Tint

from translate.engine.models.model import Model
from translate.engine.models.tile_options import TileOptions
from translate.engine.pixels.processing import ImageProcessor
from translate.engine.pixels.windows import takes_windows


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
