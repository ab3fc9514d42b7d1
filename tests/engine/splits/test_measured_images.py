"""Images for metrics: a fixed crop of each, with ground truth if it exists."""

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


def measured_images(data: Data) -> MeasuredImages:
    return MeasuredImages(open_layout(data), data)


def test_random_numbers_of_a_centre_crop_are_the_middle_of_their_range() -> None:
    random = CenterCropRandom()
    assert isinstance(random, Random)
    assert (random.randint(0, 9), random.randint(0, 0), random.random()) == (4, 0, 0.5)


def test_a_limited_number_of_items_is_spread_evenly() -> None:
    assert spread(range(10), 3) == [0, 3, 6]
    assert spread("abc", None) == spread("abc", 9) == ["a", "b", "c"]


def test_crops_have_no_random_augmentation_of_training(data_config: Callable[..., Data]) -> None:
    images = measured_images(data_config(augment=[{"name": "HueSaturationValue"}], flip=True))
    path = images.layout.domain_files[0][2]
    first = images.crop(path, "source")
    assert first.shape == (3, 16, 16)
    assert all(first.equal(images.crop(path, "source")) for _ in range(4))


@pytest.mark.parametrize(("layout", "unpaired"), [("unpaired", True), ("paired", False)])
def test_partners_are_measured_together(
    layout: str, unpaired: bool, data_config: Callable[..., Data], image_folder: Callable[..., Path]
) -> None:
    image_folder("b/train", 5)
    images = measured_images(data_config(layout=layout))
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
    files = measured_images(data_config(split="test")).unpaired_files(0, 1, 2)
    assert files.truth
    assert [path.name for path in files.source] == [path.name for path in files.target]
    assert not measured_images(data_config()).unpaired_files(0, 1, None).truth, (
        "training scenes differ"
    )
