"""Members of tar files are listed in place of the tar files, if there are no other images."""

from pathlib import Path

import pytest
from shard_files import tar_file

from translate.folders.tar_members import members, with_members
from translate.folders.walk import Siblings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("0.tar", "1.tar"):
        content = {"1.png": b"1", "x/2.png": b"2", "1.cls": b"7", ".hidden/3.png": b"3"}
        (tmp_path / name).write_bytes(tar_file(content))
    return tmp_path


def test_members_are_listed_tar_by_tar_and_folder_by_folder(folder: Path) -> None:
    folders = list(members([folder / "0.tar", folder / "1.tar", folder / "2.tar"], folder))
    assert [name for siblings in folders for name in siblings.images] == [
        "0.tar/1.png", "0.tar/x/2.png", "1.tar/1.png", "1.tar/x/2.png",
    ]  # fmt: skip
    skipped = [name for siblings in folders for name in siblings.skipped]
    assert skipped == ["0.tar/1.cls", "1.tar/1.cls"]
    (problem,) = (problem for siblings in folders for problem in siblings.problems)
    assert problem.path == folder / "2.tar"


def test_tar_files_next_to_images_are_skipped(folder: Path) -> None:
    tars, image = Siblings([], ["0.tar", "x.txt"], [], []), Siblings(["a/1.png"], [], [], [])
    assert list(with_members(folder, [tars, image])) == [tars, image]
    assert list(with_members(folder, [image, tars])) == [image, tars]
    first, *of_members = with_members(folder, [tars])
    assert first.skipped == ["x.txt"]
    images = [name for siblings in of_members for name in siblings.images]
    assert images == ["0.tar/1.png", "0.tar/x/2.png"]
