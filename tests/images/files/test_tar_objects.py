"""A member of a tar file in a store is read by one request; a changed tar file is read again."""

from uuid import uuid4

import pytest
from shard_files import tar_file

from translate.engine.objects.files import ObjectFiles, open_files
from translate.engine.system.locations import UrlPath, parse_location
from translate.images.files.tar_objects import TarObject


@pytest.fixture
def tar() -> UrlPath:
    """Return the path of a tar file that does not exist yet."""
    path = parse_location(f"memory://{uuid4()}/00.tar")
    assert isinstance(path, UrlPath)
    return path


def write(tar: UrlPath, **members: bytes) -> TarObject:
    open_files(tar.scheme, tar.host).system.pipe_file(str(tar), tar_file(members))
    return TarObject(tar)


def test_a_member_and_its_header_are_read_by_one_request(
    tar: UrlPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = write(tar, a=b"1" * 700, b=b"2" * 600)
    requests, read = list[tuple[int, int]](), ObjectFiles.read

    def recorded_read(files: ObjectFiles, path: UrlPath, start: int, end: int) -> bytes:
        requests.append((start, end))
        return read(files, path, start, end)

    monkeypatch.setattr(ObjectFiles, "read", recorded_read)
    assert opened.exists() and opened.read(tar / "b") == b"2" * 600
    assert opened.read(tar / "a") == b"1" * 700 and opened.read(tar / "c") is None
    second_header = 512 + 1024  # after the header of a, and its content in blocks of 512 bytes
    assert requests == [(second_header, second_header + 512 + 600), (0, 512 + 700)]
    (first, first_stamp, first_size), (second, second_stamp, second_size) = opened.members_in(tar)
    assert [(first, first_size), (second, second_size)] == [("a", 700), ("b", 600)]
    assert first_stamp and first_stamp != second_stamp


def test_a_tar_file_that_was_replaced_is_read_again(tar: UrlPath) -> None:
    opened = write(tar, a=b"1", b=b"2")
    before = list(opened.members_in(tar))
    write(tar, b=b"3", a=b"4")
    assert (opened.read(tar / "a"), opened.read(tar / "b")) == (b"4", b"3")
    stamps = [stamp for _, stamp, _ in opened.members_in(tar)]
    assert stamps != [stamp for _, stamp, _ in before]
    write(tar, c=b"5")
    assert opened.read(tar / "a") is None
    assert list(opened.index().members) == [tar / "c"]


def test_a_tar_file_that_changes_at_each_request_is_an_error(
    tar: UrlPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = write(tar, a=b"1")
    monkeypatch.setattr(ObjectFiles, "read", lambda *_: b"\0" * (512 + 1))
    with pytest.raises(OSError, match="it changed while it was read"):
        opened.read(tar / "a")


def test_a_missing_tar_file_is_an_error(tar: UrlPath) -> None:
    opened = TarObject(tar)
    assert not opened.exists()
    with pytest.raises(OSError, match="not there"):
        opened.index()
