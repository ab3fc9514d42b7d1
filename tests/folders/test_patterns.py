"""Globs over files of the disk and of a store: their parts, matching and missing files."""

from pathlib import Path
from uuid import uuid4

import pytest
from shard_files import tar_file

from translate.engine.storage.lookup import storage_of
from translate.engine.system.locations import parse_location
from translate.folders.patterns import Pattern, matches, tar_depth, without_wildcards


def test_a_glob_is_divided_at_its_first_pattern(tmp_path: Path) -> None:
    (tmp_path / "[x]").mkdir()
    for root in (parse_location("memory://bucket/in"), tmp_path, tmp_path / "[x]"):
        assert Pattern.of(root / "{a,b}/*.png") == Pattern(root, ("{a,b}", "*.png"))
        assert Pattern.of(root / "a.png") == Pattern(root, ("a.png",))


@pytest.fixture(params=["disk", "memory"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path if request.param == "disk" else parse_location(f"memory://{uuid4()}")


def list_matches(pattern: Path, excluded: Path | None = None) -> tuple[list[str], list[str]]:
    """Return the images that match a pattern, and the problems."""
    folders = list(Pattern.of(pattern).folders(excluded))
    root = Pattern.of(pattern).root
    return (
        [name for siblings in folders for name in siblings.images],
        [
            str(error).removeprefix(f"{root}/")
            for siblings in folders
            for error in siblings.problems
        ],
    )


def test_files_that_braces_name_are_listed_if_they_are_missing(root: Path) -> None:
    for name in ("a/1.png", "a/2.gif", "b/1.png", "b/notes.txt"):
        storage_of(root).replace(root / name, b"x")
    images, problems = list_matches(root / "{a,b}/{1,2}.png")
    assert images == ["a/1.png", "b/1.png"]
    reason = "not there, and named by {a,b}/{1,2}.png"
    assert problems == [f"a/2.png: {reason}", f"b/2.png: {reason}"]
    assert list_matches(root / "{a,b}/{1,2}.png", root / "b")[0] == ["a/1.png"]
    assert list_matches(root / "{a,c}") == ([], ["c: not there, and named by {a,c}"])


def test_members_of_tar_files_match_also_next_to_images_and_braces_name_them(root: Path) -> None:
    storage_of(root).replace(root / "0.tar", tar_file({"1.png": b"1", "2.png": b"2"}))
    storage_of(root).replace(root / "broken.tar", b"?")
    storage_of(root).replace(root / "photo.png", b"x")
    assert list_matches(root / "0*.tar/*.png") == (["0.tar/1.png", "0.tar/2.png"], [])
    assert list_matches(root / "{0,1}.tar/1*") == (
        ["0.tar/1.png"],
        ["1.tar: not there, and named by {0,1}.tar"],
    )
    assert list_matches(root / "0.tar/{1,3}.png") == (
        ["1.png"],
        ["3.png: not there, and named by {1,3}.png"],
    )


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a/1.png", "a/*.png", True),
        ("a/b/1.png", "a/*.png", False),
        ("a/b/1.png", "a/**/*.png", True),
        ("a/1.png", "{a,b}/{1..3}.png", True),
        ("c/1.png", "{a,b}/{1..3}.png", False),
        ("00.tar/x.png", "{00..03}.tar/*.png", True),
    ],
)
def test_the_parts_of_a_path_match_those_of_a_glob(path: str, pattern: str, expected: bool) -> None:
    assert matches(path.split("/"), pattern.split("/")) == expected


def test_braces_name_files_up_to_tar_files() -> None:
    assert [*without_wildcards(["{0..1}.tar", "*.png"])] == ["0.tar", "1.tar"]
    assert not without_wildcards(["*.tar"]) and not without_wildcards(["{a,b}", "*.png"])
    assert tar_depth(["x", "{0..1}.tar", "*.png"]) == 1 and tar_depth(["x", "*.png"]) == 1
