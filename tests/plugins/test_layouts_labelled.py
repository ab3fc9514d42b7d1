"""The layout of class folders: the label of an image is its folder."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
import torch
from identity_transform import IdentityTransform
from small_data import load_batch

from translate.batches import Labelled
from translate.engine.config.schema import Data
from translate.errors import ConfigError, DataError
from translate_plugins.layouts.images import OneDomain
from translate_plugins.layouts.labelled import LabelledFolders

ImageFolder = Callable[..., Path]


@pytest.mark.parametrize("folder", ["digits/train", "digits", "train/digits"])
def test_a_class_is_a_folder_and_classes_are_in_natural_order(
    folder: str, image_folder: ImageFolder, tmp_path: Path
) -> None:
    for name in ("10", "9", "b", "A", "1", "x10", "x9"):
        image_folder(f"{folder}/{name}", 1)
    image_folder(f"{folder}/9/deeper", 2)
    (tmp_path / folder / ".cache").mkdir()
    layout = LabelledFolders(tmp_path, ["digits"], "train")
    assert layout.spec.classes == ("1", "9", "10", "A", "b", "x9", "x10")
    assert layout.spec.names == ("digits",)
    assert len(layout) == len(layout.files) == 9
    for index in range(9):
        picked_item = layout.pick(index, Random(0))
        (path,) = picked_item.files
        item = layout.load(picked_item, IdentityTransform())
        name = path.relative_to(tmp_path / folder).parts[0]
        assert layout.spec.classes[int(item.labels)] == name
        assert item.labels.dtype == torch.int64
        assert item.labels.shape == ()


def test_D21_an_image_that_is_linked_into_two_classes_has_both_labels(
    image_folder: ImageFolder, tmp_path: Path
) -> None:
    pool = sorted(image_folder("pool", 3).iterdir())
    for label, files in {"young": pool[:2], "male": pool}.items():
        folder = tmp_path / "faces/train" / label
        folder.mkdir(parents=True)
        for path in files:
            (folder / path.name).symlink_to(path)
    layout = LabelledFolders(tmp_path, ["faces"], "train")
    assert len(layout) == 5
    labels = [layout.spec.classes[layout.labels[path]] for path in layout.files]
    assert labels == ["male"] * 3 + ["young"] * 2


@pytest.mark.parametrize("name", ["__MACOSX", "@eaDir", "$RECYCLE.BIN", "lost+found"])
def test_D23_folders_of_operating_systems_are_not_classes(
    name: str, image_folder: ImageFolder, tmp_path: Path
) -> None:
    for label in ("cat", "dog"):
        image_folder(f"lab/train/{label}", 1)
        image_folder(f"lab/train/{label}/{name}", 1)
    (tmp_path / "lab/train" / name).mkdir()
    image_folder(f"lab/train/{name}", 2)
    layout = LabelledFolders(tmp_path, ["lab"], "train")
    assert layout.spec.classes == ("cat", "dog")
    assert len(layout) == 2


def test_folders_of_another_split_are_not_classes(
    image_folder: ImageFolder, tmp_path: Path
) -> None:
    for name in ("7", "8", "test/7", "test/9"):
        image_folder(f"digits/{name}", 1)
    assert LabelledFolders(tmp_path, ["digits"], "train").spec.classes == ("7", "8")
    assert LabelledFolders(tmp_path, ["digits"], "test").spec.classes == ("7", "9")


def test_a_folder_without_classes_is_refused_with_an_example(
    image_folder: ImageFolder, tmp_path: Path
) -> None:
    image_folder("digits/train", 3)
    with pytest.raises(
        DataError,
        match=r"digits/train contains 3 images and no class folders: layout 'labelled' reads "
        r"\S+/digits/train/CLASS/\*\. For images without classes: --set data\.layout=images$",
    ):
        LabelledFolders(tmp_path, ["digits"], "train")
    with pytest.raises(ConfigError, match="'labelled' reads one domain, got 2: a, b"):
        LabelledFolders(tmp_path, ["a", "b"], "train")


def test_images_outside_of_classes_are_counted(image_folder: ImageFolder, tmp_path: Path) -> None:
    image_folder("digits/train/7", 1)
    image_folder("digits/train/10", 1)
    image_folder("digits/train", 2)
    with pytest.raises(
        DataError,
        match=r"train: 2 images are outside the class folders, the first is 0000\.png: "
        r"move them into one of 7, 10\.",
    ):
        LabelledFolders(tmp_path, ["digits"], "train")


def test_a_class_without_images_is_refused(image_folder: ImageFolder, tmp_path: Path) -> None:
    bad_folder = image_folder("digits/7", 2)
    image_folder("digits/8", 1)
    with pytest.raises(DataError, match=r"digits/7: not one of its 2 images can be read"):
        LabelledFolders(tmp_path, ["digits"], "train", leave_out=bad_folder.iterdir())
    (tmp_path / "digits/9").mkdir()
    with pytest.raises(DataError, match=r"digits/9: a class without images\. Fill or remove"):
        LabelledFolders(tmp_path, ["digits"], "train")


def test_leaving_out_an_image_changes_no_label(image_folder: ImageFolder, tmp_path: Path) -> None:
    first, *_ = sorted(image_folder("digits/7", 2).iterdir())
    image_folder("digits/8", 2)
    layout = LabelledFolders(tmp_path, ["digits"], "train", leave_out=[first])
    assert layout.spec.classes == ("7", "8")
    items = [layout.load(layout.pick(index, Random(0)), IdentityTransform()) for index in range(3)]
    assert [int(item.labels) for item in items] == [0, 1, 1]


def test_a_batch_of_the_engine_holds_images_and_labels(
    image_folder: ImageFolder, tmp_path: Path
) -> None:
    for name in ("7", "8"):
        image_folder(f"digits/train/{name}", 2)
    settings = Data(root=tmp_path, domains=("digits",), layout="labelled", size=16, channels=1)
    batch = load_batch(settings)
    assert isinstance(batch, Labelled)
    assert batch.images.shape == (4, 1, 16, 16)
    assert sorted(batch.labels.tolist()) == [0, 0, 1, 1]


def test_images_of_all_classes_can_be_read_without_labels(
    image_folder: ImageFolder, tmp_path: Path
) -> None:
    for name in ("0", "1", "9"):
        image_folder(f"digits/train/{name}", 2)
    layout = OneDomain(tmp_path, ["digits"], "train")
    assert {path.parent.name for path in layout.files} == {"0", "1", "9"}
    assert len(layout) == 6
