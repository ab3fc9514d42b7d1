"""The hole of an image is white in its mask, or transparent in the image."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hole_filling import FILLER, UPSCALING_MODEL, problem_messages, translate_images
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import Base

from translate.api import Translator
from translate.errors import BadImage, ConfigError, DataError
from translate.images.masks import hole_from_alpha
from translate.images.source import EncodedImage, read_image

PIXELS = np.random.default_rng(0).integers(20, 200, (9, 13, 3), np.uint8)
HOLE = np.zeros((9, 13), bool)
HOLE[2:5, 3:9] = True


def save(path: Path, array: NDArray[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)
    return path


def test_only_pixels_that_are_white_in_the_mask_change(tmp_path: Path) -> None:
    save(tmp_path / "in/deep/a.png", PIXELS)
    save(tmp_path / "masks/deep/a.bmp", np.where(HOLE, 255, 0).astype(np.uint8))
    translate_images(tmp_path / "in", tmp_path / "out", FILLER, mask=tmp_path / "masks")
    output = read_image(tmp_path / "out/deep/a.png")
    assert (output[~HOLE] == PIXELS[~HOLE]).all()
    assert (output[HOLE] == 0).all()


def test_without_a_mask_transparent_pixels_are_filled_and_become_opaque(tmp_path: Path) -> None:
    alpha = np.where(HOLE, 0, 255).astype(np.uint8)
    save(tmp_path / "in/a.png", np.dstack([PIXELS, alpha]))
    save(tmp_path / "in/b.png", PIXELS)
    summary = translate_images(tmp_path / "in", tmp_path / "out", FILLER)
    assert (summary.done, summary.listed) == (1, 1)
    assert problem_messages(tmp_path / "out") == [
        "has no hole: nothing is transparent, and no --mask has a file for it"
    ]
    with Image.open(tmp_path / "out/a.png") as output:
        assert output.mode == "RGB"
        assert (np.asarray(output)[~HOLE] == PIXELS[~HOLE]).all()
        assert (np.asarray(output)[HOLE] == 0).all()


def test_transparency_is_rotated_with_its_image(tmp_path: Path) -> None:
    alpha = np.full((9, 13), 255, np.uint8)
    alpha[:, 0] = 0
    exif = Image.Exif()
    exif[Base.Orientation] = 6  # rotate by 90 degrees clockwise
    (tmp_path / "in").mkdir()
    Image.fromarray(np.dstack([PIXELS, alpha])).save(tmp_path / "in/a.png", exif=exif)
    image = EncodedImage.open(tmp_path / "in/a.png")
    assert hole_from_alpha(image.decode_layers(), image.path)[0].all()
    translate_images(tmp_path / "in", tmp_path / "out", FILLER)
    output = read_image(tmp_path / "out/a.png")
    assert output.shape == (13, 9, 3)
    assert (output[0] == 0).all()
    assert (output[1:] > 0).all()


def test_pixels_that_scaling_mixes_from_hole_and_known_pixels_are_filled(tmp_path: Path) -> None:
    alpha = np.where(HOLE, 0, 255).astype(np.uint8)
    save(tmp_path / "in/a.png", np.dstack([PIXELS, alpha]))
    translate_images(tmp_path / "in", tmp_path / "out", FILLER, size=5)
    assert ((read_image(tmp_path / "out/a.png") == 0).all(2)).sum() >= 6


@pytest.mark.parametrize("shape", [(9, 12), (13, 9)])
def test_a_mask_of_another_size_is_listed(tmp_path: Path, shape: tuple[int, int]) -> None:
    save(tmp_path / "in/a.png", PIXELS)
    save(tmp_path / "in/b.png", PIXELS)
    save(tmp_path / "masks/a.png", np.full(shape, 255, np.uint8))
    save(tmp_path / "masks/b.png", np.full((9, 13), 255, np.uint8))
    translate_images(tmp_path / "in", tmp_path / "out", FILLER, mask=tmp_path / "masks")
    (message,) = problem_messages(tmp_path / "out")
    assert message.startswith("is 13x9, but its mask ")
    assert message.endswith(f"{shape[1]}x{shape[0]}")


def test_a_changed_mask_needs_overwrite(tmp_path: Path) -> None:
    save(tmp_path / "in/a.png", PIXELS)
    mask = save(tmp_path / "masks/a.png", np.full((9, 13), 255, np.uint8))
    options = {"mask": tmp_path / "masks"}
    translate_images(tmp_path / "in", tmp_path / "out", FILLER, **options)
    assert translate_images(tmp_path / "in", tmp_path / "out", FILLER, **options).skipped == 1
    save(mask, np.where(np.arange(13) > 5, 255, 0).astype(np.uint8)[None].repeat(9, 0))
    with pytest.raises(ConfigError, match="--overwrite"):
        translate_images(tmp_path / "in", tmp_path / "out", FILLER, **options)


def test_masks_of_no_image_or_for_other_models_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "in/a.png", PIXELS)
    save(tmp_path / "masks/b.png", PIXELS)
    for model, masks, message in (
        (FILLER, "nowhere", "there is no file or folder"),
        (FILLER, "masks", r"expected .*masks/a\.png"),
        (UPSCALING_MODEL, "masks", "does not inpaint: leave --mask out"),
    ):
        with pytest.raises(ConfigError, match=message):
            translate_images(tmp_path / "in", tmp_path / "out", model, mask=tmp_path / masks)
    assert not list((tmp_path / "out").glob("*.png"))


def test_masks_may_be_files_arrays_or_images(tmp_path: Path) -> None:
    model, expected = Translator._of(FILLER), np.where(HOLE[..., None], 0, PIXELS)
    white = np.where(HOLE, 255, 0).astype(np.uint8)
    transparent = np.dstack([PIXELS, 255 - white])
    path, mask = save(tmp_path / "a.png", transparent), save(tmp_path / "mask.png", white)
    for output in (
        model(PIXELS, mask=white), model(PIXELS, mask=str(mask)), model(transparent),
        model(Image.fromarray(PIXELS), mask=Image.fromarray(white)), model(path),
        model(Image.fromarray(transparent)),
    ):  # fmt: skip
        assert (np.asarray(output) == expected).all()
    with pytest.raises(DataError, match="has no hole"):
        model(PIXELS)
    with pytest.raises(DataError, match="but its mask"):
        model(PIXELS, mask=white[1:])
    with pytest.raises(BadImage, match="has no hole"):
        model(save(tmp_path / "whole.png", PIXELS))
    with pytest.raises(ConfigError, match="does not inpaint"):
        Translator._of(UPSCALING_MODEL)(PIXELS, mask=white)
