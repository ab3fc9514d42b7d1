"""The images that are measured: one crop of each, the same every time, with their ground truth."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from translate.engine.config.schema import Data
from translate.engine.data.check import open_layout
from translate.engine.data.samples import MARKER
from translate.engine.loading.order import spread
from translate.engine.splits.measured_images import CenterCropRandom, MeasuredImages


def images_of(data: Data) -> MeasuredImages:
    return MeasuredImages(open_layout(data), data)


def test_the_middle_of_a_range_is_no_mirror_image() -> None:
    assert isinstance(CenterCropRandom(), Random)
    assert (
        CenterCropRandom().randint(0, 9),
        CenterCropRandom().randint(0, 0),
        CenterCropRandom().random(),
    ) == (4, 0, 0.5)


def test_a_limit_chooses_things_spread_evenly() -> None:
    assert spread(range(10), 3) == [0, 3, 6]
    assert spread("abc", None) == spread("abc", 9) == ["a", "b", "c"]


def test_crops_are_without_the_random_changes_of_training(data_config: Callable[..., Data]) -> None:
    images = images_of(data_config(augment=[{"name": "HueSaturationValue"}], flip=True))
    path = images.layout.domain_files[0][2]
    first = images.crop(path, "source")
    assert first.shape == (3, 16, 16)
    assert all(first.equal(images.crop(path, "source")) for _ in range(4))


@pytest.mark.parametrize(("layout", "unpaired"), [("unpaired", True), ("paired", False)])
def test_partners_are_measured_together(
    layout: str, unpaired: bool, data_config: Callable[..., Data], image_folder: Callable[..., Path]
) -> None:
    image_folder("b/train", 5)
    images = images_of(data_config(layout=layout))
    assert images.is_unpaired is unpaired
    pair = images.load(images.pick(1))
    assert pair.source.shape == pair.target.shape == (3, 16, 16)


@pytest.mark.usefixtures("same_scenes")
def test_only_test_images_of_the_same_scenes_are_ground_truth(
    data_config: Callable[..., Data], image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    image_folder("a/test", 3), image_folder("b/test", 4)
    for name in "ab":
        (tmp_path / name / MARKER).write_text(json.dumps({"name": name, "version": 1}))
    files = images_of(data_config(split="test")).unpaired_files(0, 1, 2)
    assert files.truth
    assert [path.name for path in files.source] == [path.name for path in files.target]
    assert not images_of(data_config()).unpaired_files(0, 1, None).truth, "training scenes differ"
