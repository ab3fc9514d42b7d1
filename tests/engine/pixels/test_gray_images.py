"""Recipes that restore images give gray outputs for gray inputs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from random_images import noise
from small_translators import random_translator, tinting_translator
from specs import image_spec

from translate.contract.kinds import small_options
from translate.images.domains.levels import is_gray, scale_dtype
from translate.images.source import read_image
from translate.registry import create, names

KEEP_GRAY = ("deblurgan", "inpaint", "restore", "srgan")


def test_only_restoration_recipes_keep_gray() -> None:
    spec = image_spec((32, 32), ("a", "b"), classes=("x", "y"), text_length=4)
    recipes = {
        name: create("recipe", {"name": name, **small_options("recipe", name)}, spec=spec)
        for name in names("recipe")
    }
    assert {name for name, recipe in recipes.items() if recipe.keeps_gray} == set(KEEP_GRAY)
    for degradations in (["gray"], ["noise", {"name": "gray", "amount": [0, 0.5]}]):
        colorizing = random_translator("restore", degradations=degradations)._model.recipe
        assert not colorizing.keeps_gray


@pytest.mark.filterwarnings("ignore:reading an image")
@pytest.mark.parametrize("name", KEEP_GRAY)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_case_20_gray_inputs_give_gray_outputs(name: str, dtype: Any, tmp_path: Path) -> None:
    model, shades = random_translator(name), noise(12, 10, dtype=dtype)
    folder = tmp_path / "in"
    folder.mkdir()
    hole = np.zeros((12, 10), np.uint8)
    hole[3:6, 3:6] = 255
    Image.fromarray(shades).save(folder / "gray.png")
    rgb = Image.fromarray(scale_dtype(shades, "uint8")).convert("RGB")
    rgb.save(folder / "stored-as-colour.png")
    Image.fromarray(noise(12, 10, 3)).save(folder / "colour.png")
    options: dict[str, Any] = {}
    if model._model.recipe.takes_mask:
        (tmp_path / "masks").mkdir()
        for path in folder.iterdir():
            Image.fromarray(hole).save(tmp_path / "masks" / path.name)
        options = {"mask": tmp_path / "masks"}
    model.folder(folder, tmp_path / "out", **options)
    output = {p.stem: np.asarray(Image.open(p)) for p in (tmp_path / "out").glob("*.png")}
    assert output["gray"].ndim == 2
    assert output["stored-as-colour"].ndim == 3 and is_gray(output["stored-as-colour"])
    assert output["colour"].ndim == 3 and not is_gray(output["colour"])
    mask = {"mask": hole} if options else {}
    for path in folder.iterdir():
        written = scale_dtype(output[path.stem], "uint8").astype(int)  # as in a PIL image
        returned = model(path, **mask), model(Image.open(path), **mask)
        assert all(np.abs(np.asarray(image) - written).max() <= 1 for image in returned)
        assert output[path.stem].dtype == np.uint8 or path.stem == "gray"
    assert model(shades, **mask).shape == output["gray"].shape
    assert model(shades[..., None], **mask).shape == (*output["gray"].shape, 1)
    assert model.folder(folder, tmp_path / "out", **options).skipped == 3


@pytest.mark.parametrize("level", [np.uint8(1), np.uint16(257), np.float32(1 / 255)])
def test_channels_that_differ_by_one_8_bit_level_are_gray(level: Any) -> None:
    pixels = np.full((4, 4, 3), 100 * level, level.dtype)
    pixels[..., 2] += level
    assert is_gray(pixels) and is_gray(pixels[..., :1])
    pixels[1, 2, 0] -= level
    assert not is_gray(pixels)


@pytest.mark.filterwarnings("ignore:reading an image")
def test_case_20_a_gray_webp_gives_a_gray_output(tmp_path: Path) -> None:
    Image.fromarray(noise(40, 40)).save(tmp_path / "gray.webp", quality=80)
    pixels = read_image(tmp_path / "gray.webp")
    assert (pixels != pixels[..., :1]).any(), "the lossy format has changed the gray"
    assert is_gray(np.asarray(random_translator("restore")(tmp_path / "gray.webp")))


def test_gray_output_is_the_luma_of_the_colour_output() -> None:
    shades = np.full((4, 4), 100, np.uint8)
    assert tinting_translator(keeps_gray=True)(shades).tolist() == np.full((4, 4), 105).tolist()
    red, green, blue = (100 + change for change in (25.5, 0, -25.5))
    assert round(0.299 * red + 0.587 * green + 0.114 * blue) == 105
    assert tinting_translator()(shades).shape == (4, 4, 3)


def test_a_gray_format_keeps_its_suffix(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Image.fromarray(noise(5, 4)).save(tmp_path / "in/x.pgm")
    Image.fromarray(noise(5, 4, 3)).save(tmp_path / "in/y.ppm")
    tinting_translator(keeps_gray=True).folder(tmp_path / "in", tmp_path / "gray")
    tinting_translator().folder(tmp_path / "in", tmp_path / "colour")
    assert sorted(p.name for p in (tmp_path / "gray").glob("*.p*")) == ["x.pgm", "y.ppm"]
    assert sorted(p.name for p in (tmp_path / "colour").glob("*.p*")) == ["x.png", "y.ppm"]
