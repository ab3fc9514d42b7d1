"""Globs over objects of a store: their root folder, matching and missing objects."""

from uuid import uuid4

from translate.engine.objects.files import open_files
from translate.engine.storage.lookup import storage_of
from translate.engine.system.locations import UrlPath, parse_location
from translate.folders.stores.patterns import ObjectPattern


def test_a_glob_is_divided_at_its_first_pattern() -> None:
    url = parse_location("memory://bucket/in/{a,b}/*.png")
    assert isinstance(url, UrlPath)
    pattern = ObjectPattern.of(open_files(url.scheme, url.host), url)
    assert (str(pattern.root), pattern.parts) == ("memory://bucket/in", ("{a,b}", "*.png"))


def test_matching_objects_are_yielded_and_missing_objects_that_braces_name_are_listed() -> None:
    url = parse_location(f"memory://{uuid4()}")
    for name in ("a/1.png", "a/2.gif", "b/1.png", "b/notes.txt"):
        storage_of(url).replace(url / name, b"x")
    assert isinstance(url, UrlPath)
    pattern = ObjectPattern.of(open_files(url.scheme, url.host), url / "{a,b}/{1,2}.png")
    folders = list(pattern.folders(excluded=None))
    assert [name for siblings in folders for name in siblings.images] == ["a/1.png", "b/1.png"]
    missing = [problem for siblings in folders for problem in siblings.problems]
    assert [str(problem.path.relative_to(url)) for problem in missing] == ["a/2.png", "b/2.png"]
    assert "named by {a,b}/{1,2}.png" in missing[0].reason
    without_b = list(pattern.folders(excluded=url / "b"))
    assert [name for siblings in without_b for name in siblings.images] == ["a/1.png"]
