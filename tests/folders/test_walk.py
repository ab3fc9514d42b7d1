"""Folders are listed one by one, in an order that depends only on names."""

from pathlib import Path
from uuid import uuid4

import pytest

from translate.engine.storage.lookup import storage_of
from translate.engine.system.locations import parse_location
from translate.folders.walk import Siblings, folded, group, is_folder, split_suffix, walk


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_files_of_a_folder_are_sorted_and_come_before_files_of_its_subfolders(
    tmp_path: Path,
) -> None:
    names = ["b/2.png", "b/10.png", "z.png", "a/deep/x.png", "a.png", "b/notes.txt"]
    touch(tmp_path, *names)
    listed = [name for siblings in walk(tmp_path) for name in siblings.images]
    assert listed == ["a.png", "z.png", "a/deep/x.png", "b/10.png", "b/2.png"]
    assert [name for s in walk(tmp_path) for name in s.skipped] == ["b/notes.txt"]
    assert [s.folders for s in walk(tmp_path)] == [["a", "b"], ["a/deep"], [], []]


def test_folders_that_differ_in_case_are_siblings(tmp_path: Path) -> None:
    touch(tmp_path, "A/x.png", "a/y.png", "b/z.png")
    assert [s.images for s in walk(tmp_path)] == [[], ["A/x.png", "a/y.png"], ["b/z.png"]]


def test_an_excluded_folder_is_not_listed(tmp_path: Path) -> None:
    touch(tmp_path, "in/x.png", "in/out/y.png", "in/out/deep/z.png")
    excluded = (tmp_path / "in/out").resolve()
    assert [s.images for s in walk(tmp_path / "in", excluded=excluded)] == [["x.png"], []]


def test_a_store_and_the_disk_are_walked_in_the_same_order(tmp_path: Path) -> None:
    url = parse_location(f"memory://{uuid4()}")
    names = ("b.png", "B/2.png", "a/1.png", "a/x/notes.txt", ".hidden/3.png", "a/.4.png", "a.tar")
    for name in names:
        storage_of(url).replace(url / name, b"x")
    touch(tmp_path, *names)
    assert list(walk(url)) == list(walk(tmp_path))
    without_a = [siblings.images for siblings in walk(url, excluded=url / "a")]
    assert without_a == [["b.png"], [], ["B/2.png"]]
    assert is_folder(url / "a/x") and not is_folder(url / "b.png")


def test_names_are_grouped_by_folder() -> None:
    assert group(["b/y.png", "a.png", "B/c/x.png"]) == [
        Siblings(["a.png"], [], ["B", "b"], []),
        Siblings(["b/y.png"], [], ["B/c"], []),
        Siblings(["B/c/x.png"], [], [], []),
    ]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a.b/x.tar.gz", ("a.b/x.tar", ".gz")),
        ("a.b/x", ("a.b/x", "")),
        ("a/.png", ("a/.png", "")),
        (".png", (".png", "")),
    ],
)
def test_a_suffix_is_the_end_of_the_last_part_of_a_path(name: str, parts: tuple[str, str]) -> None:
    assert split_suffix(name) == parts


@pytest.mark.parametrize(
    ("name", "same"), [("a/X.PNG", "a/x.png"), ("e\u0301", "\u00e9"), ("Stra\u00dfe", "strasse")]
)
def test_names_that_some_file_systems_confuse_have_one_folded_form(name: str, same: str) -> None:
    assert folded(name) == folded(same)
