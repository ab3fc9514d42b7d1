"""A URL has names and parents like a path, and its text has two slashes after the scheme."""

from pathlib import Path

import pytest

from translate.engine.system.locations import UrlPath, parse_location


def test_a_url_keeps_its_slashes_in_every_derived_path() -> None:
    url = parse_location("S3://bucket/in/a.b/x.gif")
    assert isinstance(url, UrlPath)
    assert (url.scheme, url.host) == ("s3", "bucket")
    assert str(url) == "s3://bucket/in/a.b/x.gif"
    assert str(url.parent / "y.png") == "s3://bucket/in/a.b/y.png"
    assert str(url.with_suffix(".png")) == "s3://bucket/in/a.b/x.png"
    assert url.relative_to(parse_location("s3://bucket/in")).as_posix() == "a.b/x.gif"
    assert url == parse_location(str(url)) and hash(url) == hash(parse_location(str(url)))
    assert str(parse_location("memory://")) == "memory://"
    assert parse_location(url) is url


def test_the_url_of_a_file_and_a_drive_are_paths() -> None:
    assert parse_location("file:///tmp/x.png") == Path("/tmp/x.png")
    for text in ("photos", "C:/photos", "C://photos", "a:b", "*.png"):
        assert parse_location(text) == Path(text)


def test_a_url_cannot_be_read_as_a_file_of_this_machine() -> None:
    with pytest.raises(AttributeError):
        parse_location("s3://bucket/x").read_bytes()
