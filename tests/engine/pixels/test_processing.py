"""Images are scaled before the network, and outputs are scaled back and clipped."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from encoded_arrays import read_array, write_array
from encoded_images import write_photo, write_strip
from hole_filling import COPYING_MODEL, UPSCALING_MODEL, problem_messages, translate_images
from identity_models import Identity, identity_model
from PIL import Image
from random_images import noise
from small_translators import tinting_translator

from translate.api import Translator
from translate.batches import Domain
from translate.engine.inference.inputs import sources
from translate.engine.pixels.processing import ImageProcessor, scale_shorter_side
from translate.engine.system import console
from translate.errors import BadImage, DataError, NothingUsableError
from translate.images.domains import domain_images
from translate.images.resize import resize_pixels
from translate.images.source import read_image


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
    model = tinting_translator(scale=scale)
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
    model = tinting_translator(unscaled=True)
    assert model(noise(80, 120, 3), scale_back=True).shape == (80, 120, 3)
    assert model._model.recipe.sizes == [(80, 120)]  # type: ignore[comparison-overlap]


def test_scale_back_keeps_known_pixels_unchanged() -> None:
    model = tinting_translator(mask=True)
    pixels, hole = noise(64, 64, 3), np.zeros((64, 64), np.uint8)
    hole[20:40, 20:40] = 255
    outputs = model(pixels, mask=hole, size=16, scale_back=True)
    assert (outputs[hole == 0] == pixels[hole == 0]).all()
    assert (outputs[hole > 0] != pixels[hole > 0]).mean() > 0.9


def test_a_strip_that_would_have_too_many_pixels_is_refused() -> None:
    model = tinting_translator()._model
    processor = ImageProcessor(model, "sharp", scale_back=True, max_pixels=10_000)
    with pytest.raises(ValueError, match="would become"):
        processor.preprocess(np.zeros((1, 3000, 3), np.uint8), one_channel=False)


def test_an_upscaling_model_enlarges_both_sides_by_its_scale(tmp_path: Path) -> None:
    pixels = noise(9, 13, 3)
    (tmp_path / "in").mkdir()
    Image.fromarray(pixels).save(tmp_path / "in/a.png")
    translate_images(tmp_path / "in", tmp_path / "out", UPSCALING_MODEL)
    expected = pixels.repeat(3, 0).repeat(3, 1)
    assert (read_image(tmp_path / "out/a.png") == expected).all()
    assert (np.asarray(Translator._of(UPSCALING_MODEL)(pixels)) == expected).all()


@pytest.mark.parametrize("size", [100_000, 10**6, 2**31, 2**63, 10**20, 10**24, 10**400])
def test_a_size_beyond_memory_is_listed_for_each_image(size: int, tmp_path: Path) -> None:
    write_photo(tmp_path / "in/a.png")
    with pytest.raises(NothingUsableError):
        translate_images(tmp_path / "in", tmp_path / "out", COPYING_MODEL, size=size)
    (message,) = problem_messages(tmp_path / "out")
    assert message.startswith("its 40x32 pixels would become ")
    assert message.endswith("178,956,970, choose a smaller size")
    array = np.zeros((32, 40, 3), np.uint8)
    for image, error in ((tmp_path / "in/a.png", BadImage), (array, DataError)):
        with pytest.raises(error, match="40x32 pixels would become"):
            Translator._of(COPYING_MODEL)(image, size=size)


@pytest.mark.parametrize("width", [60_000, 500_000, 2_000_000])
def test_a_strip_is_listed_and_the_others_are_translated(width: int, tmp_path: Path) -> None:
    for name in ("a", "z"):
        write_photo(tmp_path / f"in/{name}.png")
    write_strip(tmp_path / "in/b.png", width)
    summary = translate_images(tmp_path / "in", tmp_path / "out", COPYING_MODEL, size=64)
    assert (summary.done, summary.listed) == (2, 1)
    (message,) = [line for line in problem_messages(tmp_path / "out") if "would become" in line]
    assert f"its {width}x1 pixels would become {width * 64 * 64:,}" in message


def test_max_pixels_applies_to_enlarged_sizes(tmp_path: Path) -> None:
    write_photo(tmp_path / "in/a.png")
    source, enlarged = tmp_path / "in", 64 * 80
    result = translate_images(source, tmp_path / "out", COPYING_MODEL, size=64, max_pixels=enlarged)
    assert result.done == 1
    with pytest.raises(NothingUsableError):
        translate_images(source, tmp_path / "2", COPYING_MODEL, size=64, max_pixels=enlarged - 1)
    reduced = scale_shorter_side(np.zeros((32, 40, 3), np.uint8), 16, 1)
    assert reduced.shape == (16, 20, 3), "the limit applies only to enlarged images"


def test_an_error_in_scaling_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        write_photo(tmp_path / f"in/{name}.png")
    reasons = {MemoryError(): "not enough memory", OverflowError("x"): "x", KeyError("x"): "'x'"}
    for error, reason in reasons.items():

        def fail(pixels: Any, size: Any, error: Exception = error) -> Any:
            if pixels.shape[0] == 32:
                raise error
            return resize_pixels(pixels, size)

        monkeypatch.setattr(domain_images, "resize_pixels", fail)
        out = tmp_path / type(error).__name__
        with pytest.raises(NothingUsableError):
            translate_images(tmp_path / "in", out, COPYING_MODEL, size=16)
        assert problem_messages(out) == [reason] * 2


class Doubling(Identity):
    def translate(self, images: torch.Tensor, *, to: str | None = None) -> torch.Tensor:  # noqa: ARG002
        return 2 * images


@pytest.mark.parametrize("method", ["whole", "tiles", "windows"])
def test_outputs_outside_the_range_are_clipped_and_reported(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    domain = Domain("ct", 1, (-1000.0, 1000.0), "int16")
    pixels = np.zeros((40, 40), np.int16)
    pixels[:10], pixels[10:14] = 800, -600
    write_array(tmp_path / "x.tif", pixels)
    if method == "windows":
        monkeypatch.setattr(sources, "LARGE_BYTES", 0)
    model = identity_model(domain)
    model = replace(model, recipe=Doubling(model.spec))
    with console.messages():
        tile = None if method == "whole" else 32
        translate_images(tmp_path / "x.tif", tmp_path / "out", model, tile=tile)
    result = read_array(tmp_path / "out/x.tif")
    assert (result.max(), result.min()) == (1000, -1000)
    text = "x.tif: 10.0 % of output ct below -1000 and 25.0 % of output ct above 1000: clipped"
    assert text in capsys.readouterr().out
