"""Members of tar files are read by their paths; what is damaged is listed."""

import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from translate.errors import BadImage
from translate.images.files.tar_files import file_size, find_tar, read_index, read_member
from translate.images.source import EncodedImage, read_image


def write_tar(path: Path, members: list[tuple[str, bytes]], **options: str) -> Path:
    with tarfile.open(path, options.get("mode", "w")) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, BytesIO(data))
    return path


@pytest.fixture
def tar(tmp_path: Path) -> Path:
    return write_tar(tmp_path / "00.tar", [("a.png", b"a" * 700), ("deep/b.cls", b"3")])


def test_members_are_read_by_their_paths_in_any_order(tar: Path) -> None:
    assert read_member(tar / "deep/b.cls") == b"3"
    assert read_member(tar / "a.png") == b"a" * 700
    assert (file_size(tar / "a.png"), file_size(tar)) == (700, tar.stat().st_size)
    assert read_member(tar / "c.png") is read_member(tar.parent / "none.tar/a.png") is None
    assert find_tar(tar / "deep/b.cls") == tar and find_tar(tar) is None


def test_a_tar_file_is_indexed_once_until_it_changes(
    tar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    open_tar = tarfile.open
    monkeypatch.setattr(tarfile, "open", lambda *a, **k: (opened.append(a), open_tar(*a, **k))[1])
    assert read_member(tar / "a.png") == read_member(tar / "a.png")
    assert len(opened) == 1
    monkeypatch.undo()
    write_tar(tar, [("a.png", b"other")])
    assert read_member(tar / "a.png") == b"other"


@pytest.mark.parametrize(
    ("cut", "members", "message"),
    [
        (512 + 300, 0, "its tar file ends before"),
        (512 + 1024, 1, "truncated"),
        (512 + 1024 + 100, 1, "truncated"),
        (512 + 1024 + 512 + 1, 1, "its tar file ends before|truncated"),
    ],
)
def test_what_is_whole_in_a_truncated_tar_file_is_used_and_the_rest_listed(
    tar: Path, cut: int, members: int, message: str
) -> None:
    tar.write_bytes(tar.read_bytes()[:cut])
    index = read_index(tar)
    assert len(index.members) >= members
    assert index.problems and any(
        part in str(bad) for bad in index.problems for part in message.split("|")
    )


def test_names_outside_the_tar_file_and_repeated_ones_are_refused(tmp_path: Path) -> None:
    members = [("../up.png", b"1"), ("/tmp/x.png", b"2"), ("a.png", b"3"), ("a.png", b"4")]
    index = read_index(write_tar(tmp_path / "x.tar", members))
    assert [path.name for path in index.members] == ["a.png"]
    assert [bad.reason.split(" in ")[0] for bad in index.problems] == [
        "a name outside its tar file", "a name outside its tar file",
        "a second member of this name",
    ]  # fmt: skip
    assert read_member(tmp_path / "x.tar/a.png") == b"3"


def test_a_compressed_tar_file_is_named_as_such(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "x.tar", [("a.png", b"1")], mode="w:gz")
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
