"""A tar file in a store is read in parts, and again where it has changed."""

from uuid import uuid4

import pytest
from shard_files import tar_of

from translate.engine.objects.files import ObjectFiles, open_files
from translate.engine.system.locations import UrlPath, parse_location
from translate.images.files.tar_objects import TarObject


@pytest.fixture
def tar() -> UrlPath:
    """Return the place of a tar file that is not there yet."""
    place = parse_location(f"memory://{uuid4()}/00.tar")
    assert isinstance(place, UrlPath)
    return place


def write(tar: UrlPath, **members: bytes) -> ObjectFiles:
    files = open_files(tar.scheme, tar.host)
    files.system.pipe_file(str(tar), tar_of(members))
    return files


def test_a_member_is_read_by_its_offset(tar: UrlPath, monkeypatch: pytest.MonkeyPatch) -> None:
    files = write(tar, a=b"1" * 700, b=b"2" * 600)
    opened, parts, real = TarObject(tar), list[tuple[int, int]](), ObjectFiles.read

    def read(files: ObjectFiles, path: UrlPath, start: int, end: int) -> bytes:
        parts.append((start, end))
        return real(files, path, start, end)

    monkeypatch.setattr(ObjectFiles, "read", read)
    assert opened.exists() and opened.read(tar / "b") == b"2" * 600
    assert opened.read(tar / "a") == b"1" * 700 and opened.read(tar / "c") is None
    assert parts == [(1536, 2648), (0, 1212)], "with the header before it"
    entries = list(opened.entries(tar))
    assert [(entry.name, entry.size) for entry in entries] == [("a", 700), ("b", 600)]
    assert entries[0].stamp and entries[0].stamp != entries[1].stamp
    assert files.is_file(tar)


def test_a_tar_file_that_was_replaced_is_read_again(tar: UrlPath) -> None:
    write(tar, a=b"1", b=b"2")
    opened = TarObject(tar)
    before = [entry.stamp for entry in opened.entries(tar)]
    write(tar, b=b"3", a=b"4")
    assert (opened.read(tar / "a"), opened.read(tar / "b")) == (b"4", b"3")
    assert before != [entry.stamp for entry in opened.entries(tar)]
    write(tar, c=b"5")
    assert opened.read(tar / "a") is None, "its header is not where it was"
    assert list(opened.index().members) == [tar / "c"]


def test_a_tar_file_that_changes_at_each_request_is_an_error(
    tar: UrlPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tar, a=b"1")
    opened = TarObject(tar)
    monkeypatch.setattr(ObjectFiles, "read", lambda *_: b"\0" * 513)
    with pytest.raises(OSError, match="it changed while it was read"):
        opened.read(tar / "a")


def test_a_tar_file_that_is_not_there_is_an_error(tar: UrlPath) -> None:
    opened = TarObject(tar)
    assert not opened.exists()
    with pytest.raises(OSError, match="not there"):
        opened.index()
