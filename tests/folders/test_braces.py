"""Braces of patterns are expanded as bash expands braces."""

import subprocess

import pytest

from translate.errors import DataError
from translate.folders.braces import expand, has_braces, is_pattern


@pytest.mark.parametrize(
    "pattern",
    ["{8..11}.tar", "{008..011}.tar", "{3..1}", "{a,b}/{0..1}.png", "{a,b{1,2}}", "{1..05}",
     "{,x}y", "plain", "{a}", "{}", "{1..x}", "a{b,c", "{x{1..2}}"],
)  # fmt: skip
def test_names_are_those_of_bash(pattern: str) -> None:
    script = f"printf '%s\\n' {pattern}"
    names = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True)
    assert sorted(expand(pattern)) == sorted(names.stdout.splitlines())
    assert has_braces(pattern) == (expand(pattern) != (pattern,))


def test_a_pattern_has_braces_or_wildcards() -> None:
    assert is_pattern("{a,b}") and is_pattern("*.png")
    assert not is_pattern("{a}") and not is_pattern("a.png")


@pytest.mark.parametrize("pattern", ["{0..999999999}", "{1..2}{0..6}"])
def test_too_many_names_are_refused(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("translate.folders.braces.MAX_NAMES", 10)
    with pytest.raises(DataError, match="over 10 names: use"):
        expand(pattern)
