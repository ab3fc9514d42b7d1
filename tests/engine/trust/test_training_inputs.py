"""Training inputs are read as for training, and other inputs are cropped like them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import small_checkpoints
from PIL import Image
from trust_models import image_processor

from translate.engine.pixels.processing import ImageProcessor
from translate.engine.trust.training_inputs import TrainingInputs
from translate.errors import NothingUsableError


def test_an_input_is_cropped_like_a_training_image(cycle: ImageProcessor, photos: Path) -> None:
    inputs = TrainingInputs(cycle)
    images = inputs.read(100)
    assert [image.shape for image in images] == [(16, 16, 3)] * 8
    pixels = np.asarray(Image.open(photos / "a/train/0003.png"))
    with_mask = np.concatenate([pixels, pixels[..., :1]], axis=2)
    for same in (pixels, pixels.astype(np.uint16) * 257, with_mask):
        assert np.array_equal(inputs.crop(same), images[3])
    assert np.array_equal(inputs.read(2), images[::4])


def test_the_reverse_direction_reads_the_other_domain(cycle_run: Path, photos: Path) -> None:
    inputs = TrainingInputs(image_processor(cycle_run, "a"))
    pixels = np.asarray(Image.open(photos / "b/train/0001.png"))
    images = inputs.read(100)
    assert len(images) == 4 and np.array_equal(inputs.crop(pixels), images[1])


def test_unreadable_files_are_skipped(cycle: ImageProcessor, photos: Path) -> None:
    (photos / "a/train/0002.png").write_bytes(b"no image")
    assert len(TrainingInputs(cycle).read(100)) == 7
    for path in (photos / "a/train").iterdir():
        path.write_bytes(b"no image")
    with pytest.raises(NothingUsableError, match="not one of 8 items can be read"):
        TrainingInputs(cycle).read(100)


def test_validation_images_are_no_training_inputs(photos: Path) -> None:
    data = {"root": str(photos), "validation": 0.25}
    run = small_checkpoints.cyclegan(photos / "run", domains=("a", "b"), size=16, data=data)
    assert len(TrainingInputs(image_processor(run)).read(100)) == 6


def test_inputs_that_a_recipe_makes_have_a_mask(photos: Path) -> None:
    run = small_checkpoints.write_run(
        photos / "inpaint",
        "inpaint",
        domains=("a",),
        options={"generator": small_checkpoints.RESNET, "adversarial_weight": 0.0},
        size=16,
        data={"root": str(photos), "layout": "images"},
    )
    inputs = TrainingInputs(image_processor(run, "a"))
    images = inputs.read(3)
    assert [image.shape for image in images] == [(16, 16, 4)] * 3
    assert all({*np.unique(image[..., 3])} == {0, 255} for image in images)
    assert np.array_equal(images, inputs.read(3)), "masks are the same in each call"


def test_inputs_of_paired_images_are_the_source_images(
    image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    image_folder("c/train", 3), image_folder("d/train", 3)
    data = {"root": str(tmp_path), "layout": "paired"}
    run = small_checkpoints.pix2pix(tmp_path / "run", domains=("c", "d"), data=data)
    inputs = TrainingInputs(image_processor(run, "d"))
    pixels = np.asarray(Image.open(tmp_path / "c/train/0002.png"))
    assert np.array_equal(inputs.read(100)[2], inputs.crop(pixels))
