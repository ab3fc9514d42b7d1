"""Translation in tiles equals that of the whole image for recipes that can be traced."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from specs import image_spec
from tiled import ImageSource, random_weights
from torch import Tensor, nn

from translate.engine.models.model import Model, translate_batch
from translate.engine.models.tile_options import StoppedError, TileOptions
from translate.engine.models.tiles import Tiler, TracedTranslation
from translate.nn.geometry import Geometry
from translate.nn.noise import Noise
from translate.recipe import Recipe, Turn
from translate.registry import create_recipe

SMALL = {"name": "resnet", "width": 4, "blocks": 1}


def make_tiler(
    recipe: Recipe[Any], tile: int | None = 20, *, seed: int | None = None, **limits: Any
) -> Tiler:
    """Return a tiler from the first domain of `recipe` to the last."""
    names = recipe.domains or ("a", "b")
    model = Model("runs/x", "digest", image_spec((32, 32), names), recipe=recipe.eval())
    options = TileOptions(tile, **{"memory": 1 << 30, "folder": Path("/nowhere"), **limits})
    return Tiler(model, names[-1], {}, seed, options)


def in_tiles(tiler: Tiler, images: Tensor) -> Tensor:
    """Return the translation of one image."""
    scale, size = tiler.model.geometry.scale, (images.shape[2], images.shape[3])
    result = torch.full((1, 3, scale * size[0], scale * size[1]), torch.nan)
    for region, part in tiler.translate(ImageSource(images), size):
        result[..., slice(*region.rows), slice(*region.columns)] = part
    return result


@pytest.mark.parametrize(
    ("part", "domains"),
    [
        ({"name": "cyclegan", "generator": SMALL}, ("a", "b")),
        ({"name": "cyclegan", "generator": {"name": "unet", "width": 4, "levels": 4}}, ("a", "b")),
        ({"name": "deblurgan", "generator": SMALL, "content_weight": 0.0}, ("a", "b")),
        ({"name": "cut", "generator": SMALL}, ("a", "b")),
        ({"name": "pix2pixhd", "generator": {"name": "enhancer", "width": 4}}, ("a", "b")),
        ({"name": "srgan", "generator": {"name": "srresnet", "width": 4, "blocks": 1}}, ("a",)),
        ({"name": "restore"}, ("a",)),
        ({"name": "inpaint"}, ("a",)),
        ({"name": "inpaint", "fill": "gray"}, ("a",)),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)  # fmt: skip
def test_a_recipe_in_tiles_gives_the_full_frame(
    part: dict[str, Any], domains: tuple[str, ...], register_example: Callable[[str], object]
) -> None:
    register_example("translate_pix2pixhd")
    recipe = create_recipe(part, spec=image_spec((32, 32), domains))
    random_weights(recipe)
    images = torch.rand(1, 3 + recipe.takes_mask, 53, 70) * 2 - 1
    if recipe.takes_mask:
        images[:, -1] = torch.where(images[:, -1] > 0.6, 1.0, -1.0)
    tiler = make_tiler(recipe)
    assert tiler.is_exact and tiler.recorded_tile is None and tiler.describe() == ""
    expected = translate_batch(recipe, images, domains[-1])
    level = 2 / 255  # of 8-bit images
    torch.testing.assert_close(in_tiles(tiler, images), expected, rtol=0, atol=level / 50)


class Untraceable(Recipe[Any]):
    """Translates by a convolution; PyTorch cannot trace it, as it reads the values of images."""

    def __init__(self, geometry: Geometry, norm: nn.Module | None = None) -> None:
        super().__init__()
        self.made, self.norm = geometry, norm or nn.Identity()
        self.layer = nn.Conv2d(3, 3, 3, padding=1, padding_mode="replicate")

    @property
    def geometry(self) -> Geometry:
        return self.made

    def optimizers(self) -> dict[str, Any]:
        return {}

    def step(self, batch: Any) -> Iterator[Turn]:
        raise NotImplementedError

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        assert np.isfinite(images.numpy()).all()
        return self.norm(self.layer(images)) * 0.3


def test_a_recipe_that_cannot_be_traced_is_exact_with_the_halo_that_it_declares() -> None:
    recipe = random_weights(Untraceable(Geometry(halo=1, multiple_of=4)))
    tiler, images = make_tiler(recipe), torch.rand(1, 3, 53, 70)  # type: ignore[arg-type]
    assert "it reads the values of its images" in tiler.describe()
    assert "with 1 pixels around them" in tiler.describe()
    assert tiler.recorded_tile == 20
    expected = translate_batch(tiler.model.recipe, images, "b")
    torch.testing.assert_close(in_tiles(tiler, images), expected)


def test_tiles_of_other_recipes_are_blended_with_statistics_of_a_downscaled_image() -> None:
    recipe = random_weights(Untraceable(Geometry(multiple_of=4), nn.InstanceNorm2d(3)))
    tiler = make_tiler(recipe)  # type: ignore[arg-type]
    assert "blended" in tiler.describe()
    ramp = torch.linspace(-1, 1, 96).expand(1, 3, 64, 96).contiguous()
    whole, tiles = translate_batch(tiler.model.recipe, ramp, "b"), in_tiles(tiler, ramp)
    assert float((tiles - whole).abs().mean()) < 0.06, "each tile alone would have mean 0"
    differences = tiles[..., 1:] - tiles[..., :-1]
    assert float(differences.abs().max()) < 0.1, "there is no seam"


class AddsNoise(Untraceable):
    """Adds noise of two sizes, at coordinates of the image."""

    def translate(  # type: ignore[override]
        self, images: Tensor, *, to: str | None = None, noise: Noise | None = None  # noqa: ARG002
    ) -> Tensor:  # fmt: skip
        assert noise is not None
        count, _, height, width = images.shape
        first = noise.normal((count, 3, height, width))
        second = noise.uniform((count, 1, height // 2, width // 2), at=(3, 1), index=1)
        return images + first + nn.functional.interpolate(second, scale_factor=2.0)


def test_noise_of_tiles_is_that_of_the_whole_image() -> None:
    recipe, images = AddsNoise(Geometry(multiple_of=2)).eval(), torch.rand(1, 3, 54, 70) * 2 - 1
    tiler = make_tiler(recipe, seed=5)
    assert tiler.is_exact
    expected = translate_batch(recipe, images, "b", seed=5)
    torch.testing.assert_close(in_tiles(tiler, images), expected, rtol=0, atol=1e-6)


def test_D9_without_a_tile_size_only_images_that_exceed_the_memory_are_translated_in_tiles() -> (
    None
):
    part = {"name": "cut", "generator": SMALL}
    recipe = create_recipe(part, spec=image_spec((32, 32), ("a", "b")))
    tiler = make_tiler(recipe, None, memory=10_000_000)
    traced = tiler.trace((400, 400))
    assert isinstance(traced, TracedTranslation) and traced.full_frame_bytes > 5_000_000
    assert not tiler.needs_tiles((40, 40))
    assert tiler.needs_tiles((1000, 1000))
    assert not make_tiler(recipe, None, memory=1 << 40).needs_tiles((1000, 1000))
    assert not make_tiler(Untraceable(Geometry()), None, memory=10_000).needs_tiles((1000, 1000))
    assert make_tiler(recipe, 64).needs_tiles((8, 8))


def test_a_stop_between_tiles_ends_the_translation() -> None:
    recipe, fractions = create_recipe("restore", spec=image_spec((32, 32), ("a",))), list[float]()
    tiler = make_tiler(recipe, stop=lambda: len(fractions) > 3, advance=fractions.append)
    with pytest.raises(StoppedError):
        in_tiles(tiler, torch.zeros(1, 3, 60, 60))
    assert len(fractions) == 4
