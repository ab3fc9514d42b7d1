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
from translate.errors import DataError
from translate.insight import dataset
from translate.insight.dataset import check_images
from translate.insight.file_reports import Finding


def data_config(root: Path, **args: Any) -> Data:
    return Data(**{"root": root, "domains": ("a", "b"), "size": 32, **args})


def broken(findings: list[Finding]) -> list[str]:
    return [f"{r.message}: {r.consequence}" for r in findings if r.state == "broken"]


@pytest.fixture
def root(image_folder: Callable[..., Path], tmp_path: Path) -> Path:
    for name in ("a/train", "a/test", "b/train", "b/test"):
        image_folder(name, 30 if "train" in name else 3)
    return tmp_path


def test_good_folders_are_counted_by_split_and_nothing_is_broken(root: Path) -> None:
    findings = list(check_images(data_config(root)))
    assert broken(findings) == []
    assert [r.message for r in findings if "items" in r.message] == [
        "train: 30 items in 60 files",
        "test: 3 items in 6 files",
    ]
    assert "sizes: 66 32x32" in [r.message for r in findings]


def test_unreadable_files_are_named_with_their_effect_on_training(root: Path) -> None:
    content = (root / "a/train/0001.png").read_bytes()
    (root / "a/train/0001.png").write_bytes(content[: len(content) // 2])
    (finding,) = broken(list(check_images(data_config(root))))
    assert finding.startswith(f"{root / 'a/train/0001.png'}: a truncated PNG")
    assert finding.endswith("skipped and listed")
    refused = broken(list(check_images(data_config(root, max_bad=0.01))))
    assert refused[-1] == (
        "1 of 60 files cannot be read: training is refused: data.max_bad is 0.01"
    )


def test_near_duplicates_and_groups_in_two_splits_are_listed(root: Path) -> None:
    with Image.open(root / "a/train/0002.png") as image:
        changed = np.array(image)
    changed[0, 0] += 1
    Image.fromarray(changed).save(root / "a/test/copy.png")
    messages = [r.message for r in check_images(data_config(root)) if "nearly" in r.message]
    (message,) = [text for text in messages if text.startswith(str(root / "a/test/copy.png"))]
    assert f" is nearly {root / 'a/train/0002.png'} (" in message
    findings = list(check_images(data_config(root, groups=r"(\d+)\.")))
    assert broken(findings) == [
        "data.groups: 3 groups are in train and in test: 0000, 0001, 0002: results on "
        "them are too good: move each to one split"
    ]
    notes = [r.message for r in findings if r.state == "note" and "no match" in r.message]
    assert notes == [
        r"test: data.groups: 1 of 7 files have no match of '(\d+)\.', the first is copy.png: each "
        "is its own group"
    ]


def test_an_image_in_train_and_test_is_a_fault_and_twice_in_train_a_note(root: Path) -> None:
    shutil.copy(root / "a/train/0000.png", root / "a/test/copy.png")
    shutil.copy(root / "b/train/0000.png", root / "b/train/again.png")
    findings = list(check_images(data_config(root)))
    (finding,) = broken(findings)
    assert "a/train/0000.png = " in finding
    assert finding.endswith("a test image is a training image: remove one of them")
    assert any("b/train/again.png" in r.message for r in findings if r.state == "note")


def test_pairs_of_unequal_sizes_are_found_only_in_paired_layouts(root: Path) -> None:
    Image.new("RGB", (32, 30)).save(root / "b/train/0002.png")
    assert broken(list(check_images(data_config(root)))) == []
    (finding,) = broken(list(check_images(data_config(root, layout="paired"))))
    assert finding == (
        f"{root / 'a/train/0002.png'}: 32x32 and 32x30: the pair is skipped and listed"
    )


def test_skipped_files_are_reported_as_in_training(root: Path) -> None:
    (root / "a/train/scan.dcm").touch()
    (root / "a/train/captions.jsonl").touch()
    (root / "a/train/dead.png").symlink_to("nowhere")
    findings = list(check_images(data_config(root)))
    (note,) = [r.message for r in findings if "image suffix" in r.message]
    assert note.startswith("train: skipped 1 file without an image suffix (1 .dcm): ")
    assert (
        note.removeprefix("train: ")
        in data.check_data(data.open_layout(data_config(root)), data_config(root)).warnings
    )
    assert broken(findings) == [
        f"{root / 'a/train/dead.png'}: a link to nothing: skipped and listed"
    ]


def test_unpaired_files_are_reported_as_in_training(root: Path) -> None:
    (root / "b/train/0002.png").unlink()
    with pytest.raises(DataError, match="images without a partner: 1 of a, 0 of b"):
        list(check_images(data_config(root, layout="paired")))


def test_kinds_depths_frames_and_small_images_are_notes(root: Path) -> None:
    Image.new("L", (9, 9)).save(root / "a/train/gray.png")
    Image.fromarray(np.full((40, 40), 300, np.uint16)).save(root / "a/train/deep.png")
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    frames[0].save(root / "a/train/moving.webp", save_all=True, append_images=frames[1:])
    notes = {r.message: r.consequence for r in check_images(data_config(root)) if r.state == "note"}
    assert notes["kinds: 67 RGB, 1 I;16, 1 L"] == "read with 3 channels: see data.channels"
    assert f"train: {root / 'a/train/deep.png'}: 16 bits a channel become 8" in notes
    moving = f"train: {root / 'a/train/moving.webp'}: only the first of 2 frames is read"
    assert moving in notes
    small = "train: 1 of 63 images are smaller than the crop of 32x32: "
    assert f"{small}enlarged to the crop" in notes
    fitted = [r.message for r in check_images(data_config(root, resize="fit"))]
    assert f"{small}padded at their edges" in fitted


def test_many_of_a_kind_are_counted(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "MAX_LISTED", 2)
    for index in range(5):
        (root / f"a/train/{index:04}.png").write_bytes(b"")
    finding = broken(list(check_images(data_config(root, max_bad=1.0))))
    assert len(finding) == 3
    assert finding[-1] == "... and 3 more of this kind: skipped and listed"


def test_an_image_that_would_be_scaled_too_large_is_a_fault(root: Path) -> None:
    Image.new("1", (3_000_000, 1)).save(root / "a/train/strip.png")
    broken = {
        r.message: r.consequence for r in check_images(data_config(root)) if r.state == "broken"
    }
    (message,) = [what for what in broken if "would become" in what]
    assert message.startswith(f"{root / 'a/train/strip.png'}: its 3000000x1 pixels")


def test_of_many_equal_files_a_few_are_named_one_of_each_split_among_them(root: Path) -> None:
    copies = [root / f"a/train/copy{number}.png" for number in range(5)]
    for copy in (*copies, root / "a/test/copy.png"):
        shutil.copy(root / "a/train/0000.png", copy)
    (finding,) = broken(list(check_images(data_config(root))))
    names = finding.partition(": a test image is")[0].split(" = ")
    assert {str(root / "a/train/0000.png"), str(root / "a/test/copy.png")} < {*names}
    assert len(names) == dataset.MAX_EQUAL + 1 and names[-1] == "... (7 files)"
