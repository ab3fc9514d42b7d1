"""The parts of a glob match the parts of a path; braces name files."""

import pytest

from translate.folders.patterns import matches, tar_depth, without_wildcards


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
