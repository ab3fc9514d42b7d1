"""Members of tar files are read by their paths; damaged members and tar files are listed."""

import tarfile
from io import BytesIO
from pathlib import Path
from unittest.mock import Mock

import pytest

from translate.errors import BadImage
from translate.images.files.tar_files import file_size, find_tar, read_index, read_member
from translate.images.source import EncodedImage, read_image


def write_tar(path: Path, members: list[tuple[str, bytes]], *, compression: str = "") -> Path:
    with tarfile.open(path, f"w:{compression}") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, BytesIO(data))
    return path


@pytest.fixture
def tar(tmp_path: Path) -> Path:
    """Return a tar file with two members: blocks of 512 bytes, of which ``a.png`` takes 1 + 2."""
    return write_tar(tmp_path / "00.tar", [("a.png", b"a" * 700), ("folder/b.cls", b"3")])


def test_members_are_read_by_their_paths_in_any_order(tar: Path) -> None:
    assert read_member(tar / "folder/b.cls") == b"3"
    assert read_member(tar / "a.png") == b"a" * 700
    assert (file_size(tar / "a.png"), file_size(tar)) == (700, tar.stat().st_size)
    assert read_member(tar / "c.png") is read_member(tar.parent / "none.tar/a.png") is None
    assert find_tar(tar / "folder/b.cls") == tar and find_tar(tar) is None


def test_a_tar_file_is_indexed_once_until_it_changes(
    tar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_tar = Mock(wraps=tarfile.open)
    monkeypatch.setattr(tarfile, "open", open_tar)
    assert read_member(tar / "a.png") == read_member(tar / "a.png")
    assert open_tar.call_count == 1
    monkeypatch.undo()
    write_tar(tar, [("a.png", b"other")])
    assert read_member(tar / "a.png") == b"other"


@pytest.mark.parametrize(
    ("size", "members", "message"),
    [
        (512 + 300, 0, "its tar file ends before"),  # within the content of a.png
        (512 + 1024, 1, "truncated"),  # before the second header
        (512 + 1024 + 100, 1, "truncated"),  # within the second header
        (512 + 1024 + 512 + 1, 2, "truncated"),  # after the content of b.cls, without padding
    ],
)
def test_complete_members_of_a_truncated_tar_file_are_used_and_a_problem_is_listed(
    tar: Path, size: int, members: int, message: str
) -> None:
    tar.write_bytes(tar.read_bytes()[:size])
    index = read_index(tar)
    assert len(index.members) == members
    assert any(message in str(problem) for problem in index.problems)


def test_names_outside_the_tar_file_and_repeated_names_are_refused(tmp_path: Path) -> None:
    members = [("../up.png", b"1"), ("/tmp/x.png", b"2"), ("a.png", b"3"), ("a.png", b"4")]
    index = read_index(write_tar(tmp_path / "x.tar", members))
    assert [path.name for path in index.members] == ["a.png"]
    assert [problem.reason for problem in index.problems] == [
        "a name outside its tar file",
        "a name outside its tar file",
        "a second member of this name in its tar file",
    ]
    assert read_member(tmp_path / "x.tar/a.png") == b"3"


def test_a_compressed_tar_file_is_refused(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "x.tar", [("a.png", b"1")], compression="gz")
    (problem,) = read_index(path).problems
    assert problem.reason.startswith("not an uncompressed tar file")


def test_an_image_in_a_tar_file_is_decoded_as_a_file_is(
    shared_images: Path, tmp_path: Path
) -> None:
    photo = next(iter(sorted((shared_images / "horse2zebra").rglob("*.jpg"))))
    tar = write_tar(tmp_path / "00.tar", [("a.jpg", photo.read_bytes())])
    assert (read_image(tar / "a.jpg") == read_image(photo)).all()
    assert EncodedImage.open_file(tar / "a.jpg").sha256 == EncodedImage.open(photo).sha256
    with pytest.raises(BadImage, match="not there"):
        EncodedImage.open(tar / "b.jpg")
