"""Pre- and post-processing: gray stays gray, sizes are restored."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from encoded_arrays import read_array, write_array
from encoded_images import write_photo, write_strip
from hole_filling import COPYING_MODEL, UPSCALING_MODEL, fill_folder, problem_messages
from identity_models import Identity, identity_model, translate_files
from PIL import Image
from specs import image_spec
from tint_recipe import SPEC, Tint

from translate.api import Translator
from translate.batches import Domain
from translate.contract.kinds import small_options
from translate.engine.inference.folder import translate_folder
from translate.engine.inference.inputs import sources
from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.models.model import Model
from translate.engine.models.options import InferenceOptions
from translate.engine.pixels.processing import ImageProcessor, scaled
from translate.engine.system import console
from translate.errors import BadImage, DataError, NothingUsableError
from translate.images.domains import domain_images
from translate.images.domains.levels import is_gray, scale_dtype
from translate.images.resize import resize_pixels
from translate.images.source import read_image
from translate.registry import create, create_recipe, names

KEEP_GRAY = ("deblurgan", "inpaint", "restore", "srgan")


def translator(name: str, **options: Any) -> Translator:
    """Return a recipe with tiny networks and random weights, which tints its outputs."""
    torch.manual_seed(0)
    recipe = create_recipe({"name": name, **small_options("recipe", name), **options}, spec=SPEC)
    recipe.eval().requires_grad_(False)
    return Translator._of(Model(name, name, recipe, SPEC, (), torch.device("cpu")))


def tint(*, unscaled: bool = False, **args: Any) -> Translator:
    recipe = Tint(**args)
    return Translator._of(
        Model("runs/t", "t", recipe, SPEC, (), torch.device("cpu"), unscaled=unscaled)
    )


def noise(*shape: int, kind: Any = np.uint8) -> Any:
    return np.random.default_rng(0).integers(0, np.iinfo(kind).max, shape, kind)


# -- gray ------------------------------------------------------------------------------------------


def test_only_restoration_recipes_keep_gray() -> None:
    gray_recipes = set()
    for name in names("recipe"):
        spec = image_spec((32, 32), ("a", "b"), classes=("x", "y"), text_length=4)
        recipe = create("recipe", {"name": name, **small_options("recipe", name)}, spec=spec)
        gray_recipes |= {name} if recipe.keeps_gray else set()
    assert gray_recipes == set(KEEP_GRAY)
    assert not translator("restore", degradations=["gray"])._model.recipe.keeps_gray
    assert not translator("restore", degradations=["noise", {"name": "gray", "amount": [0, 0.5]}]
                          )._model.recipe.keeps_gray  # fmt: skip


@pytest.mark.filterwarnings("ignore:reading an image")
@pytest.mark.parametrize("name", KEEP_GRAY)
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_case_20_gray_inputs_give_gray_outputs(name: str, kind: Any, tmp_path: Path) -> None:
    model, shades = translator(name), noise(12, 10, kind=kind)
    folder = tmp_path / "in"
    folder.mkdir()
    hole = np.zeros((12, 10), np.uint8)
    hole[3:6, 3:6] = 255
    Image.fromarray(shades).save(folder / "gray.png")
    Image.fromarray(scale_dtype(shades, "uint8")).convert("RGB").save(
        folder / "stored-as-colour.png"
    )
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
        by_python = model(path, **mask), model(Image.open(path), **mask)
        assert all(np.abs(np.asarray(made) - written).max() <= 1 for made in by_python)
        assert output[path.stem].dtype == np.uint8 or path.stem == "gray"
    assert model(shades, **mask).shape == output["gray"].shape
    assert model(shades[..., None], **mask).shape == (*output["gray"].shape, 1)
    assert model.folder(folder, tmp_path / "out", **options).skipped == 3


@pytest.mark.parametrize("level", [np.uint8(1), np.uint16(257), np.float32(1 / 255)])
def test_a_gray_photograph_stays_gray_in_a_lossy_format(level: Any) -> None:
    pixels = np.full((4, 4, 3), 100 * level, level.dtype)
    pixels[..., 2] += level
    assert is_gray(pixels) and is_gray(pixels[..., :1])
    pixels[1, 2, 0] -= level
    assert not is_gray(pixels)


@pytest.mark.filterwarnings("ignore:reading an image")
def test_case_20_a_gray_webp_gives_a_gray_output(tmp_path: Path) -> None:
    Image.fromarray(noise(40, 40)).save(tmp_path / "gray.webp", quality=80)
    read = read_image(tmp_path / "gray.webp")
    assert (read != read[..., :1]).any()
    assert is_gray(np.asarray(translator("restore")(tmp_path / "gray.webp")))


def test_gray_output_is_the_luma_of_the_colour_output() -> None:
    shades = np.full((4, 4), 100, np.uint8)
    assert tint(keeps_gray=True)(shades).tolist() == np.full((4, 4), 105).tolist()
    red, green, blue = (100 + change for change in (25.5, 0, -25.5))
    assert round(0.299 * red + 0.587 * green + 0.114 * blue) == 105
    assert tint()(shades).shape == (4, 4, 3)


def test_a_gray_format_keeps_its_suffix(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Image.fromarray(noise(5, 4)).save(tmp_path / "in/x.pgm")
    Image.fromarray(noise(5, 4, 3)).save(tmp_path / "in/y.ppm")
    tint(keeps_gray=True).folder(tmp_path / "in", tmp_path / "gray")
    tint().folder(tmp_path / "in", tmp_path / "colour")
    assert sorted(p.name for p in (tmp_path / "gray").glob("*.p*")) == ["x.pgm", "y.ppm"]
    assert sorted(p.name for p in (tmp_path / "colour").glob("*.p*")) == ["x.png", "y.ppm"]


# -- sizes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "scale", "network_size", "output_size"),
    [
        (None, 1, (32, 48), (80, 120)),
        (16, 1, (16, 24), (80, 120)),
        (100, 1, (100, 150), (80, 120)),
        (16, 4, (16, 24), (320, 480)),
        (None, 4, (32, 48), (320, 480)),
    ],
)
def test_scale_back_translates_at_the_training_size_and_restores_the_original(
    size: int | None, scale: int, network_size: Any, output_size: Any, tmp_path: Path
) -> None:
    model = tint(scale=scale)
    pixels = noise(80, 120, 3)
    outputs = model(pixels, size=size, scale_back=True)
    recipe: Any = model._model.recipe
    assert recipe.sizes == [network_size] and outputs.shape == (*output_size, 3)
    assert model(pixels.astype(np.float32) / 255, size=size, scale_back=True).max() <= 1
    (tmp_path / "in").mkdir()
    Image.fromarray(pixels).save(tmp_path / "in/x.png")
    model.folder(tmp_path / "in", tmp_path / "out", size=size, scale_back=True)
    assert (np.asarray(Image.open(tmp_path / "out/x.png")) == outputs).all()


def test_scale_back_does_not_change_models_trained_at_full_size() -> None:
    model = tint(unscaled=True)
    assert model(noise(80, 120, 3), scale_back=True).shape == (80, 120, 3)
    assert model._model.recipe.sizes == [(80, 120)]  # type: ignore[comparison-overlap]


def test_scale_back_keeps_known_pixels_unchanged() -> None:
    model = tint(mask=True)
    pixels, hole = noise(64, 64, 3), np.zeros((64, 64), np.uint8)
    hole[20:40, 20:40] = 255
    outputs = model(pixels, mask=hole, size=16, scale_back=True)
    assert (outputs[hole == 0] == pixels[hole == 0]).all()
    assert (outputs[hole > 0] != pixels[hole > 0]).mean() > 0.9


def test_a_strip_that_would_be_scaled_too_large_is_refused() -> None:
    processor = ImageProcessor(tint()._model, "sharp", scale_back=True, max_pixels=10_000)
    with pytest.raises(ValueError, match="would become"):
        processor.preprocess(np.zeros((1, 3000, 3), np.uint8), single=False)


# -- records of outputs ----------------------------------------------------------------------------


# -- upscaling and sizes beyond memory -------------------------------------------------------------


def test_an_enlarged_image_has_exactly_scale_times_the_size(
    tmp_path: Path,
) -> None:
    pixels = noise(9, 13, 3)
    (tmp_path / "in").mkdir()
    Image.fromarray(pixels).save(tmp_path / "in/a.png")
    fill_folder(tmp_path / "in", tmp_path / "out", UPSCALING_MODEL)
    expected = pixels.repeat(3, 0).repeat(3, 1)
    assert (read_image(tmp_path / "out/a.png") == expected).all()
    assert (np.asarray(Translator._of(UPSCALING_MODEL)(pixels)) == expected).all()


def test_a_large_input_is_not_reported_for_an_upscaling_model(
    tmp_path: Path,
) -> None:
    (tmp_path / "in").mkdir()
    Image.fromarray(noise(90, 130, 3)).save(tmp_path / "in/a.png")
    logged: list[str] = []
    inputs = find_inputs(tmp_path / "in", tmp_path / "out")
    with console.messages(logged.append):
        translate_folder(UPSCALING_MODEL, inputs, tmp_path / "out", InferenceOptions())
    assert not logged


@pytest.mark.parametrize("size", [100_000, 10**6, 2**31, 2**63, 10**20, 10**24, 10**400])
def test_a_size_beyond_memory_is_listed_for_each_image(size: int, tmp_path: Path) -> None:
    write_photo(tmp_path / "in/a.png")
    with pytest.raises(NothingUsableError):
        fill_folder(tmp_path / "in", tmp_path / "out", COPYING_MODEL, size=size)
    (message,) = problem_messages(tmp_path / "out")
    assert message.startswith("its 40x32 pixels would become ")
    assert message.endswith("178,956,970, choose a smaller size")
    for options, error in (
        (tmp_path / "in/a.png", BadImage),
        (np.zeros((32, 40, 3), np.uint8), DataError),
    ):
        with pytest.raises(error, match="40x32 pixels would become"):
            Translator._of(COPYING_MODEL)(options, size=size)


@pytest.mark.parametrize("width", [60_000, 500_000, 2_000_000])
def test_a_strip_is_listed_and_the_others_are_translated(width: int, tmp_path: Path) -> None:
    for name in ("a", "z"):
        write_photo(tmp_path / f"in/{name}.png")
    write_strip(tmp_path / "in/b.png", width)
    summary = fill_folder(tmp_path / "in", tmp_path / "out", COPYING_MODEL, size=64)
    assert (summary.done, summary.listed) == (2, 1)
    (message,) = [line for line in problem_messages(tmp_path / "out") if "would become" in line]
    assert f"its {width}x1 pixels would become {width * 64 * 64:,}" in message


def test_max_pixels_applies_to_enlarged_sizes(tmp_path: Path) -> None:
    write_photo(tmp_path / "in/a.png")
    most = 64 * 80
    assert (
        fill_folder(tmp_path / "in", tmp_path / "out", COPYING_MODEL, size=64, max_pixels=most).done
        == 1
    )
    with pytest.raises(NothingUsableError):
        fill_folder(tmp_path / "in", tmp_path / "out2", COPYING_MODEL, size=64, max_pixels=most - 1)
    assert scaled(np.zeros((32, 40, 3), np.uint8), 16, 1).shape == (16, 20, 3)  # never enlarged


def test_an_error_while_scaling_an_image_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        write_photo(tmp_path / f"in/{name}.png")
    real, errors = resize_pixels, [MemoryError(), OverflowError("too large"), KeyError("x")]
    for error in errors:

        def fail(pixels: Any, size: Any, error: Exception = error) -> Any:
            if pixels.shape[0] == 32:
                raise error
            return real(pixels, size)

        monkeypatch.setattr(domain_images, "resize_pixels", fail)
        out = tmp_path / type(error).__name__
        with pytest.raises(NothingUsableError):
            fill_folder(tmp_path / "in", out, COPYING_MODEL, size=16)
        reason = {MemoryError: "not enough memory", OverflowError: "too large", KeyError: "'x'"}
        assert problem_messages(out) == [reason[type(error)]] * 2
    monkeypatch.undo()


class Doubling(Identity):
    def translate(self, images: torch.Tensor, *, to: str | None = None) -> torch.Tensor:  # noqa: ARG002
        return 2 * images


@pytest.mark.parametrize("way", ["whole", "tiles", "windows"])
def test_numbers_of_results_beyond_the_range_are_clipped_and_said(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    domain = Domain("ct", 1, (-1000.0, 1000.0), "int16")
    numbers = np.zeros((40, 40), np.int16)
    numbers[:10], numbers[10:14] = 800, -600
    write_array(tmp_path / "x.tif", numbers)
    if way == "windows":
        monkeypatch.setattr(sources, "LARGE_BYTES", 0)
    model = identity_model(domain)
    model = replace(model, recipe=Doubling(model.spec))
    with console.messages():
        tile = None if way == "whole" else 32
        translate_files(model, tmp_path / "x.tif", tmp_path / "out", tile=tile)
    result = read_array(tmp_path / "out/x.tif")
    assert (result.max(), result.min()) == (1000, -1000)
    text = "x.tif: 10.0 % of output ct below -1000 and 25.0 % of output ct above 1000: clipped"
    assert text in capsys.readouterr().out
