"""Public data sets are downloaded from a local server; invalid downloads leave no files."""

import errno
import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from itertools import count
from pathlib import PurePosixPath

import pytest
from click.testing import CliRunner
from download_server import PETS, DownloadServer, png_bytes
from file_trees import image_bytes

from translate.cli.datasets import command
from translate.engine.data import samples
from translate.engine.disk import durable
from translate.errors import ConfigError, DataError, SaveError
from translate.exchange import fetch as module
from translate.exchange.fetch import download, fetch


@pytest.fixture
def content() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for n in range(3):
            archive.writestr(f"pets/trainA/{n}.png", png_bytes(n))
            archive.writestr(f"pets/testB/deep/{n}.png", png_bytes(100 + n))
        archive.writestr("pets/trainA/Thumbs.db", b"x")
        archive.writestr("pets/other/9.png", png_bytes(9))
    return buffer.getvalue()


@pytest.fixture
def server(content: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[DownloadServer]:
    monkeypatch.setattr(module, "PAUSE", 0.0)
    with DownloadServer(content) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        card = {
            "name": "pets",
            "url": server.url,
            "licence": "ours",
            "citation": "Nobody, 2026",
            "folders": {"cat/train": "trainA", "dog/test": "testB"},
        }
        monkeypatch.setattr(samples, "cards", lambda: [card])
        yield server
        server.shutdown()


def test_a_data_set_becomes_folders_of_images_only(server, content, tmp_path, messages):
    assert fetch("pets", tmp_path) == [tmp_path / "cat", tmp_path / "dog"]
    assert image_bytes(tmp_path) == PETS
    digest = hashlib.sha256(content).hexdigest()
    record = json.loads((tmp_path / "cat/.fetched.json").read_text())
    assert record == {"card": "pets", "url": server.url, "sha256": digest}
    assert {path.name for path in tmp_path.iterdir()} == {"cat", "dog"}
    assert f"{tmp_path / 'cat'}: 3 images" in messages
    assert any(digest in line for line in messages)
    assert "licence: ours; cite: Nobody, 2026" in messages


def test_only_missing_folders_are_fetched_again(server, tmp_path):
    fetch("pets", tmp_path)
    request_count = len(server.requests)
    fetch("pets", tmp_path)
    assert len(server.requests) == request_count
    module.folders.remove_folder(tmp_path / "dog")
    (tmp_path / "cat/train/mine.png").write_bytes(png_bytes(7))
    fetch("pets", tmp_path)
    assert image_bytes(tmp_path) == PETS | {"cat/train/mine.png": png_bytes(7)}


def test_D20_an_interrupted_download_resumes_where_it_stopped(server, content, tmp_path):
    server.cuts = 2
    fetch("pets", tmp_path)
    first_range, *further_ranges = (requested_range for requested_range, _ in server.requests)
    half = len(content) // 2
    three_quarters = half + (len(content) - half) // 2
    assert not first_range
    assert further_ranges == [f"bytes={half}-", f"bytes={three_quarters}-"]
    assert image_bytes(tmp_path) == PETS


def test_a_partial_download_is_kept_for_the_next_command(server, tmp_path):
    server.cuts = module.ATTEMPTS
    with pytest.raises(DataError, match=r"closed the connection.*The same command continues"):
        fetch("pets", tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [".fetch-pets"]
    before = len(server.requests)
    fetch("pets", tmp_path)
    [(requested_range, status)] = server.requests[before:]
    assert requested_range and status == 206
    assert image_bytes(tmp_path) == PETS


def test_a_changed_file_is_downloaded_again(server, content, tmp_path):
    server.cuts = module.ATTEMPTS
    with pytest.raises(DataError):
        fetch("pets", tmp_path)
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("pets/trainA/3.png", png_bytes(3))
    server.content = buffer.getvalue()
    fetch("pets", tmp_path)
    assert image_bytes(tmp_path) == PETS | {"cat/train/3.png": png_bytes(3)}


def test_a_server_without_ranges_sends_the_whole_file(server, tmp_path):
    server.cuts, server.ranges = 1, False
    fetch("pets", tmp_path)
    assert [status for _, status in server.requests] == [200, 200]
    assert image_bytes(tmp_path) == PETS


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\n<!DOCTYPE html><html>log in</html>", "a web page, perhaps of a network"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "a pointer of Git LFS"),
        (b"\x89PNG", r"not an archive \(4 bytes\)"),
        (b"", r"not an archive \(0 bytes\)"),
    ],
)
@pytest.mark.usefixtures("server")
def test_a_download_that_is_no_archive_is_described_and_removed(message, tmp_path):
    with pytest.raises(DataError, match=message):
        fetch("pets", tmp_path)
    assert not image_bytes(tmp_path)
    assert not [*tmp_path.rglob("*.zip")]


@pytest.mark.usefixtures("server")
def test_a_sha256_that_differs_from_the_card_is_refused(tmp_path, monkeypatch):
    card = {**samples.cards()[0], "sha256": "0" * 64}
    monkeypatch.setattr(samples, "cards", lambda: [card])
    with pytest.raises(DataError, match=f"another file: its sha256 is .* the card's {'0' * 64}"):
        fetch("pets", tmp_path)
    assert not image_bytes(tmp_path)


def test_an_archive_with_paths_outside_the_folder_leaves_nothing(server, tmp_path):
    buffer = io.BytesIO(server.content)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("pets/trainA/../../../out.png", png_bytes(1))
    server.content = buffer.getvalue()
    root = tmp_path / "a/b/c"
    with pytest.raises(DataError, match="is outside the folder"):
        fetch("pets", root)
    assert not image_bytes(tmp_path)


@pytest.mark.usefixtures("server")
def test_an_archive_without_the_folders_of_the_card_leaves_nothing(tmp_path, monkeypatch):
    card = {**samples.cards()[0], "folders": {"cat": "trainA", "cow": "trainC"}}
    monkeypatch.setattr(samples, "cards", lambda: [card])
    with pytest.raises(DataError, match="its folder trainC has no image"):
        fetch("pets", tmp_path)
    assert not image_bytes(tmp_path)


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("GOPRO_Large/train/GOPR0372/blur_gamma/47.png", "blurred/train/GOPR0372/47.png"),
        ("train/GOPR0372/blur_gamma/47.png", "blurred/train/GOPR0372/47.png"),
        ("GOPRO_Large/test/GOPR0384/sharp/1/2.png", "sharp/test/GOPR0384/1/2.png"),
        ("GOPRO_Large/train/GOPR0372/blur/47.png", ""),
        ("GOPRO_Large/train/GOPR0372/47.png", ""),
        ("a/b/train/GOPR0372/blur_gamma/47.png", ""),
        ("train/GOPR0372/blur_gamma", ""),
    ],
)
def test_a_star_matches_one_folder_and_keeps_its_name(name, folder):
    folders = {"blurred/train": "train/*/blur_gamma", "sharp/test": "test/*/sharp"}
    assert module._path_below_root(PurePosixPath(name), folders) == folder


def test_every_card_is_complete():
    for card in samples.cards():
        assert {"title", "url", "layout", "licence", "citation", "folders"} <= card.keys()
        assert card["url"].endswith((".zip", ".tar.gz"))
        assert (card["layout"] == "side-by-side") == ("sides" in card)
        assert all("/" in archive_path for archive_path in card["folders"]), card["name"]


def test_an_existing_folder_is_never_written_to(server, tmp_path):
    (tmp_path / "cat").mkdir()
    with pytest.raises(DataError, match=rf"rename it, .*--data {tmp_path / 'pets'}"):
        fetch("pets", tmp_path)
    assert not server.requests


@pytest.mark.parametrize("failing_write", [3, 8])
def test_a_full_disk_leaves_no_partial_data_set_and_the_next_command_continues(
    server, tmp_path, monkeypatch, failing_write
):
    write_all, write_numbers = durable.write_all, count(1)

    def write_unless_full(descriptor: int, data: bytes) -> None:
        if next(write_numbers) == failing_write:
            raise OSError(errno.ENOSPC, "No space left on device")
        write_all(descriptor, data)

    monkeypatch.setattr(durable, "write_all", write_unless_full)
    with pytest.raises(SaveError, match=r"No space left on device\. The same command continues"):
        fetch("pets", tmp_path)
    assert not image_bytes(tmp_path)
    fetch("pets", tmp_path)
    assert image_bytes(tmp_path) == PETS
    assert len(server.requests) == 2


@pytest.mark.parametrize(("status", "attempts"), [(404, 1), (503, module.ATTEMPTS)])
def test_an_error_of_the_server_is_tried_again_only_from_500_on(server, tmp_path, status, attempts):
    server.status = status
    with pytest.raises(DataError, match=rf"the server answered {status}"):
        fetch("pets", tmp_path)
    assert len(server.requests) == attempts


@pytest.mark.usefixtures("server")
def test_an_unknown_name_and_an_invalid_address_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"data set called 'pest'\. Did you mean 'pets'"):
        fetch("pest", tmp_path)
    with pytest.raises(ConfigError, match="only http"):
        download("file:///etc/passwd", tmp_path / "x")


def test_an_unreachable_server_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PAUSE", 0.0)
    with pytest.raises(DataError, match=r"cannot be fetched: .*refused"):
        download("http://127.0.0.1:9/x.zip", tmp_path / "x.zip")


@pytest.mark.usefixtures("server")
def test_the_command_downloads_and_prints_the_folder(tmp_path):
    result = CliRunner().invoke(command, ["fetch", "pets", "--data", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert f"{tmp_path / 'dog'}: 3 images" in result.output
    assert image_bytes(tmp_path) == PETS
    result = CliRunner().invoke(command, ["fetch", "pets", "--quiet", "--data", str(tmp_path)])
    assert (result.exit_code, result.output) == (0, "")
