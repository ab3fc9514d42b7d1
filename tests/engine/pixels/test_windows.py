"""Which images are read in windows."""

from dataclasses import replace
from pathlib import Path

from tint_recipe import SPEC, Tint

from translate.engine.models.model import Model
from translate.engine.models.tile_options import TileOptions
from translate.engine.pixels.processing import ImageProcessor
from translate.engine.pixels.windows import takes_windows


def test_windows_need_tiles_a_format_that_has_them_and_no_change_of_the_whole_image() -> None:
    model = Model("x", "x", SPEC, recipe=Tint())
    limits = TileOptions(64, None, Path())
    processor = ImageProcessor(model, "sharp", limits=limits)
    assert takes_windows(processor, ".tif") is True
    assert takes_windows(processor, ".png") is False
    without = replace(processor, limits=replace(limits, tile=None))
    assert takes_windows(without, ".tif") is None, "--tile is the advice"
    for change in ({"size": 32}, {"half": 0}, {"scale_back": True}):
        assert takes_windows(replace(processor, **change), ".tif") is False  # type: ignore[arg-type]
    masked = Model("x", "x", SPEC, recipe=Tint(mask=True))
    assert takes_windows(replace(processor, model=masked), ".tif") is False
