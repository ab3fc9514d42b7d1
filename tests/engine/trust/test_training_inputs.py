"""Training inputs are as the network got them; other inputs are cropped as they were."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import small_checkpoints
from PIL import Image
from trust_models import processor

from translate.engine.pixels.processing import ImageProcessor
from translate.engine.trust.training_inputs import TrainingInputs
from translate.errors import NothingUsableError


def test_a_training_image_is_cropped_alike_as_file_and_as_input(
    cycle: ImageProcessor, photos: Path
) -> None:
    inputs = TrainingInputs(cycle)
    every = inputs.read(100)
    assert [image.shape for image in every] == [(16, 16, 3)] * 8
    pixels = np.asarray(Image.open(photos / "a/train/0003.png"))
    assert np.array_equal(inputs.crop(pixels), every[3])
    assert np.array_equal(inputs.crop(pixels.astype(np.uint16) * 257), every[3])
    masked = np.concatenate([pixels, pixels[..., :1]], axis=2)
    assert np.array_equal(inputs.crop(masked), every[3])
    assert [np.array_equal(*pair) for pair in zip(inputs.read(2), every[::4], strict=True)] == [
        True,
        True,
    ]


def test_the_other_direction_starts_from_the_other_domain(cycle_run: Path, photos: Path) -> None:
    inputs = TrainingInputs(processor(cycle_run, "a"))
    pixels = np.asarray(Image.open(photos / "b/train/0001.png"))
    assert len(every := inputs.read(100)) == 4
    assert np.array_equal(inputs.crop(pixels), every[1])


def test_a_bad_file_is_left_out(cycle: ImageProcessor, photos: Path) -> None:
    (photos / "a/train/0002.png").write_bytes(b"no image")
    assert len(TrainingInputs(cycle).read(100)) == 7
    for path in (photos / "a/train").iterdir():
        path.write_bytes(b"no image")
    with pytest.raises(NothingUsableError, match="not one of 8 items can be read"):
        TrainingInputs(cycle).read(100)


def test_images_that_are_held_out_are_not_trained_on(photos: Path) -> None:
    data = {"root": str(photos), "validation": 0.25}
    run = small_checkpoints.cyclegan(photos / "held", domains=("a", "b"), size=16, data=data)
    assert len(TrainingInputs(processor(run)).read(100)) == 6


def test_inputs_that_a_recipe_makes_have_their_mask(photos: Path) -> None:
    run = small_checkpoints.write_run(
        photos / "inpaint",
        "inpaint",
        domains=("a",),
        options={"generator": small_checkpoints.RESNET, "adversarial_weight": 0.0},
        size=16,
        data={"root": str(photos), "layout": "images"},
    )
    inputs = TrainingInputs(processor(run, "a"))
    every = inputs.read(3)
    assert [image.shape for image in every] == [(16, 16, 4)] * 3
    assert all({*np.unique(image[..., 3])} == {0, 255} for image in every)
    assert all(np.array_equal(*pair) for pair in zip(every, inputs.read(3), strict=True))


def test_pairs_are_read_together(image_folder: Callable[..., Path], tmp_path: Path) -> None:
    image_folder("c/train", 3), image_folder("d/train", 3)
    data = {"root": str(tmp_path), "layout": "paired"}
    run = small_checkpoints.pix2pix(tmp_path / "run", domains=("c", "d"), data=data)
    inputs = TrainingInputs(processor(run, "d"))
    pixels = np.asarray(Image.open(tmp_path / "c/train/0002.png"))
    assert np.array_equal(inputs.read(100)[2], inputs.crop(pixels))
