"""Images below a folder, a glob or tar files: links, hidden files, problems."""

import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

from translate.errors import DataError
from translate.folders.listing import find_images, match, scan
from translate.folders.names import is_hidden
from translate.folders.walk import MAX_VISITS
from translate.images.encode import encode_image
from translate.images.source import read_image

SYSTEM_FOLDERS = (
    *("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found", "#recycle"),
    *(".@__thumb", ".ipynb_checkpoints", "@Recycle", "@eadir", "LOST+FOUND", "__macosx"),
)


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def relative_paths(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in find_images(folder)]


def test_D13_images_are_found_at_any_depth_and_everything_else_is_counted(tmp_path: Path) -> None:
    names = ["b.png", "a/x.JpG", "a/deep/er/y.webp", "z.avif", "写真 ü.tif"]
    others = ["a/captions.jsonl", "b.png.trust.png", "notes.txt"]
    ignored = [".hidden.png", "._b.png", "Thumbs.db", "desktop.ini", ".cache/c.png"]
    touch(*(tmp_path / name for name in names + others + ignored))
    (tmp_path / "folder.png").mkdir()
    listing = scan(tmp_path)
    assert listing.images == sorted(tmp_path / name for name in names)
    assert listing.skipped == [tmp_path / "notes.txt"]  # the others are files of the toolkit
    assert listing.problems == []
    assert find_images(tmp_path) == listing.images


def test_D12_links_are_followed_dead_links_listed_and_loops_cut(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    touch(outside / "deep/o.png", outside / "p.png", inside / "sub/i.png")
    (inside / "linked").symlink_to(outside)
    (inside / "sub/up").symlink_to(inside)
    (inside / "parent").symlink_to(tmp_path)
    (outside / "back").symlink_to(inside)
    (inside / "self").symlink_to(inside / "self")
    (inside / "dead.png").symlink_to(tmp_path / "nowhere.png")
    listing = scan(inside)
    assert relative_paths(inside) == ["linked/deep/o.png", "linked/p.png", "sub/i.png"]
    assert [error.path.name for error in listing.problems] == ["dead.png", "self"]
    assert "a link to nothing" in str(listing.problems[0])


def test_D21_a_file_with_two_names_is_two_items(tmp_path: Path) -> None:
    touch(tmp_path / "pool/0.png")
    (tmp_path / "in/a").mkdir(parents=True)
    (tmp_path / "in/a/0.png").symlink_to(tmp_path / "pool/0.png")
    (tmp_path / "in/b.png").symlink_to("a/0.png")  # a link to a link
    os.link(tmp_path / "pool/0.png", tmp_path / "in/c.png")
    os.link(tmp_path / "pool/0.png", tmp_path / "in/d.png")
    assert relative_paths(tmp_path / "in") == ["a/0.png", "b.png", "c.png", "d.png"]


def test_D21_a_folder_with_two_names_is_read_under_both(tmp_path: Path) -> None:
    touch(tmp_path / "in/a/0.png")
    (tmp_path / "in/b").symlink_to("a")
    (tmp_path / "in/a/again").symlink_to("../a")  # a loop under either name
    assert relative_paths(tmp_path / "in") == ["a/0.png", "b/0.png"]


@pytest.mark.parametrize(
    ("pattern", "names", "skipped"),
    [
        ("*.png", ["a.png"], []),
        ("*", ["a.png"], ["x.psd"]),
        ("*/*", ["link/b.png", "sub/b.png"], []),
        ("**/*.png", ["a.png", "link/b.png", "sub/b.png"], []),
        ("**", ["a.png", "link/b.png", "sub/b.png"], ["x.psd"]),
        ("l*/**/b*", ["link/b.png"], []),
        ("s?b/[ab].png", ["sub/b.png"], []),
        ("nowhere/*", [], []),
    ],
)
def test_D21_a_glob_follows_links_too(
    pattern: str, names: list[str], skipped: list[str], tmp_path: Path
) -> None:
    touch(*(tmp_path / name for name in ("a.png", "sub/b.png", "x.psd", "@eaDir/c.png")))
    (tmp_path / "link").symlink_to("sub")
    (tmp_path / "sub/loop").symlink_to("..")
    root, listing = match(tmp_path / pattern)
    assert [path.relative_to(tmp_path).as_posix() for path in listing.images] == names
    assert [path.name for path in listing.skipped] == skipped
    assert root == tmp_path or not names or root.parent == tmp_path


def test_D12_a_dead_link_that_matches_is_listed(tmp_path: Path) -> None:
    (tmp_path / "dead.png").symlink_to("nowhere")
    for pattern in ("*.png", "**/*.png"):
        (error,) = match(tmp_path / pattern)[1].problems
        assert (error.path.name, error.reason) == ("dead.png", "a link to nothing")


def test_D21_the_names_of_links_that_double_at_every_level_are_limited(tmp_path: Path) -> None:
    for level in range(30):
        folder = tmp_path / f"pool/{level}"
        folder.mkdir(parents=True)
        for name in ("a", "b"):
            (folder / name).symlink_to(f"../{level + 1}")
    touch(tmp_path / "pool/30/0.png")
    (tmp_path / "in").symlink_to("pool/0")
    listing = scan(tmp_path / "in")
    assert len(listing.images) <= MAX_VISITS
    assert any("over 100 names" in error.reason for error in listing.problems)


@pytest.mark.parametrize("name", SYSTEM_FOLDERS)
def test_D23_folders_of_operating_systems_are_skipped(name: str, tmp_path: Path) -> None:
    touch(tmp_path / "0.png", tmp_path / name / "x.png", tmp_path / "sub" / name / "deep/y.png")
    assert relative_paths(tmp_path) == ["0.png"]
    assert is_hidden(name)
    assert not is_hidden(f"my {name}")


def test_a_name_that_is_not_text_is_found_and_read(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/bad\xff\n.png"
    pixels = np.full((2, 2, 3), 9, np.uint8)
    with open(name, "wb") as stream:  # noqa: PTH123 - a path of bytes
        stream.write(encode_image(pixels, ".png"))
    (path,) = find_images(tmp_path)
    assert (read_image(path) == pixels).all()


def test_a_path_that_is_too_long_is_listed(tmp_path: Path) -> None:
    deep, name, folder = tmp_path, "x" * 200, os.open(tmp_path, os.O_RDONLY)
    for _ in range(25):
        os.mkdir(name, dir_fd=folder)
        folder = os.open(name, os.O_RDONLY, dir_fd=folder)
        deep = deep / name
    (error,) = scan(tmp_path).problems
    assert "too long" in error.reason


def test_a_path_that_is_not_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere is not a folder"):
        find_images(tmp_path / "nowhere")


def test_D21_pipes_are_listed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    os.mkfifo(tmp_path / "pipe")
    [error] = scan(tmp_path).problems
    assert str(error) == f"{tmp_path / 'pipe.png'}: neither a file nor a folder"


def test_brackets_in_the_name_of_a_folder_are_not_a_pattern(tmp_path: Path) -> None:
    touch(tmp_path / "a [x]/1.png", tmp_path / "a [x]/2.jpg", tmp_path / "a x/3.png")
    for pattern, names in (("a [x]/*.png", ["1.png"]), ("a [[]x]/*.jpg", ["2.jpg"])):
        _, listing = match(tmp_path / pattern)
        assert listing.images == [tmp_path / "a [x]" / name for name in names]
    _, listing = match(tmp_path / "a[ ]x/*.png")
    assert listing.images == [tmp_path / "a x/3.png"]


def test_tar_files_are_folders_of_images_where_there_are_no_other_images(tmp_path: Path) -> None:
    for name in ("00", "01"):
        with tarfile.open(tmp_path / f"{name}.tar", "w") as archive:
            for member in ("b.png", "deep/a.jpg", "b.cls", ".hidden/c.png"):
                archive.addfile(tarfile.TarInfo(member))
    (tmp_path / "02.tar").write_bytes(b"no tar file")
    images, others, (problem,) = scan(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in images] == [
        "00.tar/b.png", "00.tar/deep/a.jpg", "01.tar/b.png", "01.tar/deep/a.jpg",
    ]  # fmt: skip
    assert [path.name for path in others] == ["b.cls", "b.cls"]
    assert problem.path.name == "02.tar"
    assert scan(tmp_path / "00.tar").images == images[:2]
    assert match(tmp_path / "0[0-1].tar")[1].images == images
    assert match(tmp_path / "*.tar/*.png")[1].images == [images[0], images[2]]
    assert match(tmp_path / "00.tar/deep/*")[1].images == [images[1]]
    assert match(tmp_path / "{00..01}.tar") == match(tmp_path / "0[0-1].tar")
    assert match(tmp_path / "{00,01}.tar/*.png")[1].images == [images[0], images[2]]
    for pattern in ("{00..03}.tar", "{00..03}.tar/*"):
        problems = [str(error) for error in match(tmp_path / pattern)[1].problems]
        assert f"{tmp_path}/03.tar: not there, and named by {{00..03}}.tar" in problems
    (tmp_path / "photo.png").touch()  # tar files next to images are not read
    assert scan(tmp_path).images == [tmp_path / "photo.png"]
