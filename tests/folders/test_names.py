"""Short names of domains, and the names of files that the toolkit writes."""

import os
from pathlib import Path

import pytest

from translate.folders.names import is_toolkit_file, short_names


@pytest.mark.parametrize(
    ("domains", "names"),
    [
        (["summer", "winter"], ("summer", "winter")),
        (["photos/my horses", "zebras"], ("my horses", "zebras")),
        (["/data/horses/train", "zebras/train/"], ("horses", "zebras")),
        (["photos/2020/cats", "drawings/2020/cats"], ("photos-2020-cats", "drawings-2020-cats")),
        (["a/cats", "cats"], ("a-cats", "cats")),
        (["../x/a", "./b"], ("a", "b")),
        (["photos/a*.jpg", "photos/b*.jpg"], ("a", "b")),
        (["x/summer-{00..12}.tar", "x/winter/{a,b}.tar"], ("summer", "winter")),
        (["photos/*_in.png", "photos/*_out.png"], ("in", "out")),
        (["photos/*.png", "drawings/**/*.png"], ("photos", "drawings")),
        (["train", "test"], ("train", "test")),
        (["x", "x"], ("x", "x")),
        (["/"], ("/",)),
    ],
)
def test_a_domain_has_the_name_of_the_last_part_of_its_path(
    domains: list[str], names: tuple[str, ...]
) -> None:
    assert short_names(domains) == names


def test_the_working_directory_has_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here/inner").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here/inner")
    assert short_names([".", ".."]) == ("inner", "here")
    assert short_names([os.fspath(tmp_path / "here"), "."]) == ("here", "inner")


def test_files_of_this_toolkit_are_recognised() -> None:
    assert is_toolkit_file("captions.jsonl") and is_toolkit_file("problems-3.jsonl")
    assert not is_toolkit_file("my captions.jsonl")
