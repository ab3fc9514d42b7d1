"""Images in memory, translated in tiles."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from specs import image_spec

from translate.engine.models.model import Model
from translate.engine.models.tile_options import TileOptions
from translate.engine.models.tiles import Tiler
from translate.engine.pixels.tiled_pixels import translate_pixels
from translate.registry import create_recipe

RANDOM = np.random.default_rng(0)


def tiler(recipe: Any) -> Tiler:
    model = Model("x", "x", image_spec((32, 32), ("a", "b")), recipe=recipe.eval())
    return Tiler(model, "b", {}, None, TileOptions(16, 1 << 30, Path("/nowhere")))


def test_pixels_in_tiles_are_those_of_the_whole_image() -> None:
    recipe = create_recipe(
        {"name": "cut", "generator": {"name": "resnet", "width": 4, "blocks": 1}},
        spec=image_spec((32, 32), ("a", "b")),
    )
    tiled, pixels = tiler(recipe), RANDOM.integers(0, 256, (45, 51, 3), np.uint8)
    for dtype in ("uint8", "float32"):
        (whole,) = tiled.model.translate([pixels], "b", dtypes=[dtype])
        tiles = translate_pixels(tiled, pixels, dtype)
        assert whole is not None and tiles is not None and tiles.dtype == whole.dtype
        assert np.abs(whole.astype(float) - tiles).max() <= (1e-5 if dtype == "float32" else 1)


def test_an_output_that_is_not_finite_is_none() -> None:
    recipe = create_recipe("restore", spec=image_spec((32, 32), ("a", "b")))
    next(recipe.parameters()).data.fill_(torch.nan)
    assert translate_pixels(tiler(recipe), np.zeros((20, 20, 3), np.uint8)) is None
