"""The members of tar files take the place of these, where there are no images."""

from pathlib import Path

import pytest
from shard_files import tar_file

from translate.folders.stores.tar_members import members, with_members
from translate.folders.walk import Siblings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("0.tar", "1.tar"):
        content = {"1.png": b"1", "x/2.png": b"2", "1.cls": b"7", ".hidden/3.png": b"3"}
        (tmp_path / name).write_bytes(tar_file(content))
    return tmp_path


def test_members_are_listed_tar_by_tar_and_folder_by_folder(folder: Path) -> None:
    found = list(members([folder / "0.tar", folder / "1.tar", folder / "2.tar"], folder))
    assert [name for siblings in found for name in siblings.images] == [
        "0.tar/1.png", "0.tar/x/2.png", "1.tar/1.png", "1.tar/x/2.png",
    ]  # fmt: skip
    assert [name for siblings in found for name in siblings.skipped] == [
        "0.tar/1.cls",
        "1.tar/1.cls",
    ]
    (problem,) = (bad for siblings in found for bad in siblings.problems)
    assert problem.path == folder / "2.tar"


def test_tar_files_next_to_images_are_files_of_another_kind(folder: Path) -> None:
    tars, image = Siblings([], ["0.tar", "x.txt"], [], []), Siblings(["a/1.png"], [], [], [])
    assert list(with_members(folder, [tars, image])) == [tars, image]
    assert list(with_members(folder, [image, tars])) == [image, tars]
    first, *rest = with_members(folder, [tars])
    assert first.skipped == ["x.txt"]
    assert [name for siblings in rest for name in siblings.images] == [
        "0.tar/1.png",
        "0.tar/x/2.png",
    ]
