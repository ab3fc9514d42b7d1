"""The local disk and an object store have the same operations with the same results."""

import json
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

from translate.engine.storage.lookup import storage_of
from translate.engine.storage.object_lines import read_lines_of
from translate.engine.system.locations import parse_location
from translate.errors import BadImage


@pytest.fixture(params=["disk", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / "new" if request.param == "disk" else parse_location(f"memory://{uuid4()}")


def test_a_file_is_written_read_listed_and_deleted(folder: Path) -> None:
    storage, path = storage_of(folder), folder / "a/x.png"
    assert not storage.exists(path) and not storage.is_folder(folder)
    assert storage.names(folder / "a") == []
    storage.ensure_writable(folder)
    storage.replace(path, b"one")
    storage.replace(path, b"two")
    assert storage.exists(path) and storage.is_folder(folder) and not storage.is_folder(path)
    assert storage.open_image(path, max_pixels=9).data == b"two"
    assert storage.sha256(path) == sha256(b"two").hexdigest()
    assert storage.names(folder / "a") == ["x.png"]
    listing, names = storage.listing(), ("a/x.png", "a/y.png", "b/x.png")
    assert [listing.exists(folder / name) for name in names] == [True, False, False]
    storage.discard(path)
    storage.discard(path)
    assert not storage.exists(path)


def test_a_file_is_created_once(folder: Path) -> None:
    storage, path = storage_of(folder), folder / "x.png"
    storage.write(path, b"first", new=True)
    with pytest.raises(FileExistsError):
        storage.write(path, b"second", new=True)
    assert storage.open_image(path, max_pixels=9).data == b"first"


def test_the_stamp_of_an_object_changes_with_its_content(store: Path) -> None:
    storage, path = storage_of(store), store / "a/x.png"
    stamps = [storage.write(path, data, new=False) for data in (b"one", b"two", b"three")]
    assert len(set(stamps)) == 3 and storage.listing().stamp(path) == stamps[-1]
    assert storage.listing().stamp(store / "a/none.png") is None


def test_a_file_of_a_disk_has_no_stamp(tmp_path: Path) -> None:
    storage, path = storage_of(tmp_path), tmp_path / "x.png"
    assert storage.write(path, b"one", new=True) is None
    assert storage.listing().exists(path) and storage.listing().stamp(path) is None


def test_the_lines_of_many_files_are_read_in_their_order(folder: Path) -> None:
    storage, paths = storage_of(folder), [folder / f"{number}.jsonl" for number in range(40)]
    for number, path in enumerate(paths):
        storage.replace(path, json.dumps({"a": number}).encode() + b"\n{}\n")
    lines = list(read_lines_of(storage, [*paths, folder / "none.jsonl"]))
    assert lines == [line for number in range(40) for line in ({"a": number}, {})]


@pytest.mark.parametrize("durable", [True, False])
def test_lines_are_read_without_damaged_ones(folder: Path, durable: bool) -> None:
    storage, path = storage_of(folder), folder / "done.jsonl"
    lines = storage.durable_lines(path) if durable else storage.lines(path)
    lines.add({"a": 1})
    lines.add({"b": 2})
    lines.close()
    (name,) = storage.names(folder)
    assert list(storage.read_lines(folder / name)) == [{"a": 1}, {"b": 2}]
    storage.replace(path, json.dumps({"c": 3}).encode() + b"\n{broken\n[1]\n")
    assert list(storage.read_lines(path)) == [{"c": 3}]
    assert list(storage.read_lines(folder / "none.jsonl")) == []


def test_a_missing_and_an_empty_image_are_reported(folder: Path) -> None:
    storage = storage_of(folder)
    storage.replace(folder / "empty.png", b"")
    for name, reason in {"empty.png": "an empty file", "none.png": "not there"}.items():
        with pytest.raises(BadImage, match=reason) as error:
            storage.open_image(folder / name, max_pixels=9)
        assert error.value.path == folder / name


def test_a_shared_lock_reports_whether_another_process_shares_it(folder: Path) -> None:
    storage, is_only_process = storage_of(folder), list[bool | None]()
    with storage.share(folder / "lock", is_only_process.append):
        pass
    assert is_only_process == [True if storage.is_local else None]
