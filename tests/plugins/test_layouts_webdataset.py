"""The layout `webdataset`: samples of tar shards."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest
from identity_transform import IdentityTransform
from layout_files import relative_pairs
from shard_files import tar_file

from translate.errors import ConfigError, DataError
from translate.images.encode import encode_image
from translate.testing import check_layout
from translate_plugins.layouts.webdataset import webdataset


def png(level: int, side: int = 8) -> bytes:
    return encode_image(np.full((side, side, 3), level, np.uint8), ".png")


@pytest.fixture
def shard(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a tar file of `members`."""

    def write(name: str, **members: bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(tar_file(members))
        return path

    return write


@pytest.mark.parametrize("folder", ["", "train/"])
def test_a_pair_is_two_parts_of_a_sample(
    shard: Callable[..., Path], tmp_path: Path, folder: str
) -> None:
    for number in range(2):
        members = {"x/1.a.png": png(10), "x/1.B.png": png(20), "2.b.png": png(3), "2.a.png": png(4)}
        shard(f"{folder}{number}.tar", **members, **{"2.json": b"{}"})
    layout = webdataset(tmp_path, ["a", "b"], "train")
    assert relative_pairs(layout, tmp_path / folder) == [
        ["0.tar/2.a.png", "0.tar/2.b.png"], ["0.tar/x/1.a.png", "0.tar/x/1.B.png"],
        ["1.tar/2.a.png", "1.tar/2.b.png"], ["1.tar/x/1.a.png", "1.tar/x/1.B.png"],
    ]  # fmt: skip
    pair = layout.load(layout.pick(1, Random(0)), IdentityTransform())
    assert (int(pair.source[0, 0, 0]), int(pair.target[0, 0, 0])) == (10, 20)
    assert [path.name for path in layout.sources] == ["0.tar", "1.tar"]
    assert "2 .json" in layout.notes[0]


def test_a_pattern_with_braces_names_the_shards(shard: Callable[..., Path], tmp_path: Path) -> None:
    for number in range(8, 12):
        shard(f"{number:02}.tar", **{"1.a.png": png(10), "1.b.png": png(20)})
    layout = webdataset(tmp_path / "{08..10}.tar", ["a", "b"], "train")
    assert [path.name for path in layout.sources] == ["08.tar", "09.tar", "10.tar"]
    (problem,) = webdataset(tmp_path / "{10..12}.tar", ["a", "b"], "train").problems
    assert problem.path == tmp_path / "12.tar" and "not there" in problem.reason
    with pytest.raises(
        DataError, match=r"there is no image in tar files that match .*\{20\.\.30\}"
    ):
        webdataset(tmp_path / "{20..30}.tar", ["a", "b"], "train")


def test_parts_may_be_distinguished_by_their_file_type(
    shard: Callable[..., Path], tmp_path: Path
) -> None:
    shard("0.tar", **{"1.png": png(1), "1.webp": png(2)})
    layout = webdataset(tmp_path, ["webp", "png"], "train")
    assert relative_pairs(layout, tmp_path) == [["0.tar/1.webp", "0.tar/1.png"]]


def test_samples_without_an_image_of_a_domain_are_refused_or_skipped(
    shard: Callable[..., Path], tmp_path: Path
) -> None:
    shard("0.tar", **{"1.a.png": png(1), "1.b.png": png(2), "2.a.png": png(1)})
    with pytest.raises(DataError, match="1 of a, 0 of b") as error:
        webdataset(tmp_path, ["a", "b"], "train")
    assert "KEY.a.png and KEY.b.png in one shard" in str(error.value)
    layout = webdataset(tmp_path, ["a", "b"], "train", drop_unpaired=True)
    assert relative_pairs(layout, tmp_path) == [["0.tar/1.a.png", "0.tar/1.b.png"]]


def test_two_images_of_one_sample_and_domain_are_refused(
    shard: Callable[..., Path], tmp_path: Path
) -> None:
    shard("0.tar", **{"1.a.png": png(1), "1.a.bmp": png(1), "1.b.png": png(2)})
    with pytest.raises(DataError, match=r"1\.a\.\w+ and .*1\.a\.\w+ are of one sample"):
        webdataset(tmp_path, ["a", "b"], "train")


def test_images_have_the_classes_of_their_samples(
    shard: Callable[..., Path], tmp_path: Path
) -> None:
    shard("digits/0.tar", **{"1.png": png(1), "1.cls": b"7\n", "2.png": png(2), "2.cls": b"12"})
    shard("digits/1.tar", **{"1.png": png(3), "1.cls": b"7", "3.png": png(1), "4.png": png(1),
                             "4.cls": b"cat"})  # fmt: skip
    layout = webdataset(tmp_path, ["digits"], "train", labels=True)
    assert layout.spec.classes == ("7", "12")
    loaded = [layout.load(layout.pick(n, Random(0)), IdentityTransform()) for n in range(3)]
    assert [(int(x.images[0, 0, 0]), int(x.labels)) for x in loaded] == [(1, 0), (2, 1), (3, 0)]
    reasons = {error.path.name: error.reason for error in layout.problems}
    assert reasons == {
        "3.png": "no file 3.cls in its shard", "4.png": "4.cls: expected a number, got b'cat'",
    }  # fmt: skip
    assert not layout.notes


def test_a_truncated_shard_is_listed_and_its_whole_samples_used(
    shard: Callable[..., Path], tmp_path: Path
) -> None:
    members = {f"{n}.{side}.png": png(n) for n in range(3) for side in "ab"}
    path = shard("0.tar", **members)
    path.write_bytes(path.read_bytes()[: 4 * 1024 + 700])
    with pytest.raises(DataError, match=r"(1 of a, 0 of b|0 of a, 1 of b)"):
        webdataset(tmp_path, ["a", "b"], "train")
    layout = webdataset(tmp_path, ["a", "b"], "train", drop_unpaired=True)
    assert len(layout) == 2
    assert any("truncated" in error.reason for error in layout.problems)


def test_a_message_about_wrong_domains_has_the_expected_and_the_actual_names(
    shard: Callable[..., Path], tmp_path: Path
) -> None:
    shard("0.tar", **{"1.png": png(1)})
    with pytest.raises(DataError, match=r"KEY\.a\.png, got 1\.png"):
        webdataset(tmp_path, ["a", "b"], "train")
    with pytest.raises(ConfigError, match="reads one domain"):
        webdataset(tmp_path, ["a", "b"], "train", labels=True)
    with pytest.raises(DataError, match="none of 1 images has a class"):
        webdataset(tmp_path, ["a"], "train", labels=True)


def test_the_layout_keeps_the_contract(shard: Callable[..., Path], tmp_path: Path) -> None:
    members = {f"{n}.{side}.png": png(40 * n, 32) for n in range(4) for side in "ab"}
    shard("relative_pairs/0.tar", **members)
    shard("digits/0.tar", **{f"{n}.png": png(40 * n, 32) for n in range(4)},
          **{f"{n}.cls": b"%d" % (n % 2) for n in range(4)})  # fmt: skip
    check_layout(
        "webdataset", data={"root": str(tmp_path / "relative_pairs"), "domains": ["a", "b"]}
    )
    check_layout("webdataset", data={"root": str(tmp_path), "domains": ["digits"]}, labels=True)
