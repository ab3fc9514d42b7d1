"""Files of stores are listed page by page, and read in parts, by each process on its own."""

import os
from pathlib import Path

import pytest
from s3_server import upload

from translate.engine.objects import listing
from translate.engine.objects.files import ObjectFiles, open_files
from translate.engine.storage.lookup import storage_of
from translate.engine.system.locations import UrlPath, parse_location
from translate.errors import ConfigError


def files_of(url: Path) -> ObjectFiles:
    assert isinstance(url, UrlPath)
    return open_files(url.scheme, url.host)


def test_a_folder_is_listed_with_its_folders(
    store: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    upload(images, store / "in")
    entries = list(files_of(store).entries(store / "in"))
    assert sorted((entry.name, entry.is_folder) for entry in entries) == [
        ("a.png", False), ("b.gif", False), ("bad.png", False), ("deep", True),
    ]  # fmt: skip
    assert {entry.name: entry.size for entry in entries}["bad.png"] == len(b"no image")
    stamps = [entry.stamp for entry in entries if not entry.is_folder]
    assert len({*stamps}) == 3 and None not in stamps
    assert [entry.name for entry in files_of(store).entries(store)] == ["in"]
    with pytest.raises(OSError, match="not there"):
        list(files_of(store).entries(store / "none"))


def test_a_folder_is_what_has_files(store: Path, images: Path) -> None:
    upload(images, store / "in")
    files = files_of(store)
    assert files.is_folder(store / "in") and files.is_folder(store / "in/deep")
    assert not files.is_folder(store / "none") and not files.is_folder(store / "in/a.png")
    assert files.is_file(store / "in/a.png") and not files.is_file(store / "in")


def test_a_part_of_a_file_is_read(store: Path) -> None:
    storage_of(store).replace(store / "x.bin", b"0123456789")
    files = files_of(store)
    assert files.read(store / "x.bin", 2, 5) == b"234" and len(files.read(store / "x.bin")) == 10
    with files.open_file(store / "x.bin") as file:
        file.seek(8)
        assert file.read() == b"89"
    version = files.version(store / "x.bin")
    storage_of(store).replace(store / "x.bin", b"9876543210")
    assert version[0] == 10 and files.version(store / "x.bin") != version


def test_a_forked_process_has_connections_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = open_files("memory", "x")
    assert open_files("memory", "x") is ours
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert open_files("memory", "x") is not ours


def test_an_unknown_scheme_is_one_line() -> None:
    with pytest.raises(ConfigError, match=r"^none://x cannot be opened: ") as caught:
        open_files("none", "x")
    assert "\n" not in str(caught.value)
    assert parse_location("none://x")
