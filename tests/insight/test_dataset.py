"""`translate datasets check` finds faults of a data set and their effect on training."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from translate.engine.config.schema import Data
from translate.engine.data import check as data
from translate.insight import dataset
from translate.insight.dataset import check_images
from translate.insight.file_reports import Finding


def data_config(root: Path, **args: Any) -> Data:
    return Data(**{"root": root, "domains": ("a", "b"), "size": 32, **args})


def check(root: Path, **settings: Any) -> list[Finding]:
    return list(check_images(data_config(root, **settings)))


def lines(findings: list[Finding], state: str) -> list[str]:
    return [f"{each.message}: {each.consequence}" for each in findings if each.state == state]


@pytest.fixture
def root(image_folder: Callable[..., Path], tmp_path: Path) -> Path:
    for name in ("a/train", "a/test", "b/train", "b/test"):
        image_folder(name, 30 if "train" in name else 3)
    return tmp_path


def test_good_folders_are_counted_by_split_and_nothing_is_broken(root: Path) -> None:
    findings = check(root)
    assert lines(findings, "broken") == []
    assert [finding.message for finding in findings if "items" in finding.message] == [
        "train: 30 items in 60 files",
        "test: 3 items in 6 files",
    ]
    assert "sizes: 66 32x32" in [finding.message for finding in findings]


def test_unreadable_files_are_named_with_their_effect_on_training(root: Path) -> None:
    content = (root / "a/train/0001.png").read_bytes()
    (root / "a/train/0001.png").write_bytes(content[: len(content) // 2])
    (finding,) = lines(check(root), "broken")
    assert finding.startswith(f"{root / 'a/train/0001.png'}: a truncated PNG")
    assert finding.endswith("skipped and listed")
    refused = lines(check(root, max_bad=0.01), "broken")
    assert refused[-1] == (
        "1 of 60 files cannot be read: training is refused: data.max_bad is 0.01"
    )


def test_near_duplicates_and_groups_in_two_splits_are_listed(root: Path) -> None:
    with Image.open(root / "a/train/0002.png") as image:
        changed_image = np.array(image)
    changed_image[0, 0] += 1
    Image.fromarray(changed_image).save(root / "a/test/copy.png")
    near_duplicate = f"{root / 'a/test/copy.png'} is nearly {root / 'a/train/0002.png'} ("
    assert sum(line.startswith(near_duplicate) for line in lines(check(root), "note")) == 1
    findings = check(root, groups=r"(\d+)\.")
    assert lines(findings, "broken") == [
        "data.groups: 3 groups are in train and in test: 0000, 0001, 0002: results on "
        "them are too good: move each to one split"
    ]
    assert (
        r"test: data.groups: 1 of 7 files have no match of '(\d+)\.', the first is copy.png: each "
        "is its own group: "
    ) in lines(findings, "note")


def test_equal_images_are_broken_in_two_splits_and_a_note_in_one(root: Path) -> None:
    shutil.copy(root / "a/train/0000.png", root / "a/test/copy.png")
    shutil.copy(root / "b/train/0000.png", root / "b/train/again.png")
    findings = check(root)
    (finding,) = lines(findings, "broken")
    assert "a/train/0000.png = " in finding
    assert finding.endswith("a test image is a training image: remove one of them")
    assert any("b/train/again.png" in line for line in lines(findings, "note"))


def test_pairs_of_unequal_sizes_are_found_only_in_paired_layouts(root: Path) -> None:
    Image.new("RGB", (32, 30)).save(root / "b/train/0002.png")
    assert lines(check(root), "broken") == []
    (finding,) = lines(check(root, layout="paired"), "broken")
    assert finding == (
        f"{root / 'a/train/0002.png'}: 32x32 and 32x30: the pair is skipped and listed"
    )


def test_skipped_files_are_reported_as_in_training(root: Path) -> None:
    (root / "a/train/scan.dcm").touch()
    (root / "a/train/captions.jsonl").touch()
    (root / "a/train/dead.png").symlink_to("nowhere")
    findings = check(root)
    (note,) = [finding.message for finding in findings if "image suffix" in finding.message]
    assert note.startswith("train: skipped 1 file without an image suffix (1 .dcm): ")
    assert (
        note.removeprefix("train: ")
        in data.check_data(data.open_layout(data_config(root)), data_config(root)).warnings
    )
    assert lines(findings, "broken") == [
        f"{root / 'a/train/dead.png'}: a link to nothing: skipped and listed"
    ]


def test_mixed_modes_and_depths_frames_and_small_images_are_notes(root: Path) -> None:
    Image.new("L", (9, 9)).save(root / "a/train/gray.png")
    Image.fromarray(np.full((40, 40), 300, np.uint16)).save(root / "a/train/deep.png")
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    frames[0].save(root / "a/train/moving.webp", save_all=True, append_images=frames[1:])
    small = "train: 1 of 63 images are smaller than the crop of 32x32: "
    assert {
        "modes: 67 RGB, 1 I;16, 1 L: read with 3 channels: see data.channels",
        f"train: {root / 'a/train/deep.png'}: 16 bits a channel become 8: ",
        f"train: {root / 'a/train/moving.webp'}: only the first of 2 frames is read: ",
        f"{small}enlarged to the crop: ",
    } <= {*lines(check(root), "note")}
    assert f"{small}padded at their edges: " in lines(check(root, resize="fit"), "note")


def test_findings_of_one_kind_beyond_the_limit_are_counted(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "MAX_LISTED", 2)
    for index in range(5):
        (root / f"a/train/{index:04}.png").write_bytes(b"")
    finding = lines(check(root, max_bad=1.0), "broken")
    assert len(finding) == 3
    assert finding[-1] == "... and 3 more of this kind: skipped and listed"


def test_of_many_equal_files_some_of_each_split_are_named(root: Path) -> None:
    copies = [root / f"a/train/copy{number}.png" for number in range(5)]
    for copy in (*copies, root / "a/test/copy.png"):
        shutil.copy(root / "a/train/0000.png", copy)
    (finding,) = lines(check(root), "broken")
    names = finding.partition(": a test image is")[0].split(" = ")
    assert {str(root / "a/train/0000.png"), str(root / "a/test/copy.png")} < {*names}
    assert len(names) == dataset.MAX_EQUAL + 1 and names[-1] == "... (7 files)"
