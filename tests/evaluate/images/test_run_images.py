"""The images that a run is evaluated on: splits, pairs, hidden ground truth, bad files."""

import json
from pathlib import Path
from shutil import rmtree

import numpy as np
import pytest
from PIL import Image

from translate.engine.config import layers
from translate.engine.config.schema import Data
from translate.engine.data.check import check_data, open_layout
from translate.engine.data.opened_files import OpenedFiles
from translate.engine.data.samples import MARKER
from translate.engine.splits.validation import add_validation
from translate.errors import DataError, NothingUsableError
from translate.evaluate.images.run_images import RunImages, open_split, read_images
from translate.images.resize import resize_pixels


def data_of(root: Path, **settings: object) -> Data:
    return Data.model_validate({"root": root, "domains": ("a", "b"), "size": 16, **settings})


def read(settings: Data, *, split: str | None = None, **options: object) -> RunImages:
    layout, split_settings, *_ = open_split(settings, split)
    arguments = {"reverse": False, "to": "b", "limit": None, **options}
    return read_images(layout, split_settings, **arguments)  # type: ignore[arg-type]


def test_each_image_of_unpaired_domains_is_read_once(photos: Path) -> None:
    images = read(data_of(photos))
    assert images.names == [f"a/test/{number:04}.png" for number in range(5)]
    assert len(images.target) == 5
    assert not images.truth
    expected = resize_pixels(np.asarray(Image.open(photos / "a/test/0002.png")), (16, 16))
    assert np.array_equal(images.source[2], expected)


def test_pairs_are_aligned_in_both_directions(photos: Path) -> None:
    forward = read(data_of(photos, layout="paired"))
    backward = read(data_of(photos, layout="paired"), reverse=True, to="a")
    assert forward.truth == backward.truth == "pairs"
    assert np.array_equal(forward.source[0], backward.target[0])
    assert np.array_equal(forward.target[4], backward.source[4])


def test_an_image_is_cropped_at_its_centre_and_not_mirrored(photos: Path) -> None:
    wide = np.zeros((16, 48, 3), np.uint8)
    wide[:, 16:24] = 200
    Image.fromarray(wide).save(photos / "a/test/0000.png")
    (first, *_) = read(data_of(photos)).source
    assert np.array_equal(first, wide[:, 16:32])


@pytest.mark.usefixtures("same_scenes")
def test_sample_domains_of_the_same_scenes_are_hidden_ground_truth(photos: Path) -> None:
    for name in ("a", "b"):
        (photos / name / MARKER).write_text(json.dumps({"name": name, "version": 1}))
    images = read(data_of(photos))
    assert images.truth == "hidden ground truth"
    (photos / "b/test/0000.png").rename(photos / "b/test/other.png")
    assert not read(data_of(photos)).truth


@pytest.mark.usefixtures("same_scenes")
def test_folders_of_the_user_have_no_hidden_ground_truth(photos: Path) -> None:
    assert not read(data_of(photos)).truth


def test_V6_without_a_test_split_the_training_images_are_read_and_that_is_reported(
    photos: Path,
) -> None:
    for name in ("a", "b"):
        rmtree(photos / name / "test")
    _, settings, _, note = open_split(data_of(photos), None)
    assert settings.split == "train"
    assert note.startswith("there is no test split: these are the images that it was trained on")
    with pytest.raises(DataError, match="there is no split 'val'"):
        open_split(data_of(photos), "val")


@pytest.mark.parametrize(("split", "validation"), [("val", None), ("Valid", None), ("val", "val")])
def test_without_a_test_split_a_validation_folder_is_read_before_the_training_images(
    photos: Path, split: str, validation: str | None
) -> None:
    for name in ("a", "b"):
        (photos / name / "test").rename(photos / name / split)
    layout, settings, _, note = open_split(data_of(photos, validation=validation), None)
    assert {path.parent.name for path in layout.files} == {split}
    assert settings.split == split.lower()
    assert note == f"there is no test split: these are the images of the split {split.lower()!r}"


@pytest.mark.parametrize("layout", ["unpaired", "paired"])
def test_held_out_images_are_measured_rather_than_training_images(
    photos: Path, layout: str
) -> None:
    for name in ("a", "b"):
        rmtree(photos / name / "test")
    settings = data_of(photos, layout=layout, validation=0.4)
    held_out = open_split(settings, None, seed=3)
    assert held_out.note.startswith("there is no test split: these are the validation images")
    checked = check_data(open_layout(settings), settings, OpenedFiles())
    document = {"data": settings.model_dump(), "train": {"seed": 3, "steps": 1}}
    trained = add_validation(checked, settings, layers.resolve("cyclegan", config=document))
    assert trained.validation is not None
    assert sorted(held_out.layout.files) == sorted(trained.validation.layout.files)
    assert sorted(held_out.trained_layout.files) == sorted(trained.layout.files)
    assert open_split(settings, "validation", seed=3).layout.files == held_out.layout.files


def test_a_split_that_is_named_is_read(photos: Path) -> None:
    assert read(data_of(photos), split="train").names[0] == "a/train/0000.png"


def test_a_flat_folder_has_no_other_split(photos: Path) -> None:
    flat = data_of(photos, domains=("a/test", "b/test"))
    *_, note = open_split(flat, None)
    assert note.startswith("there is no test split")
    with pytest.raises(DataError, match="there is no split 'val'"):
        open_split(flat, "val")


def test_a_file_that_cannot_be_read_is_skipped_and_listed(photos: Path) -> None:
    (photos / "a/test/0001.png").write_bytes(b"no image")
    images = read(data_of(photos))
    assert len(images.source) == 4
    assert "0001.png" in str(images.problems[0])


def test_files_that_are_no_images_are_an_error(photos: Path) -> None:
    for path in (photos / "a/test").iterdir():
        path.write_bytes(b"no image")
    with pytest.raises(NothingUsableError, match="not one image can be read"):
        read(data_of(photos))
