"""Files are replaced atomically: after a failure of any operation, a file is old or new."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from disk_faults import (
    Fault,
    FaultyDisk,
    disk_full,
    each_operation,
    io_error,
    kill_process,
    short_write,
)
from file_trees import NEW, OLD, RECORD, read_files, visible_names

from translate.engine.disk import files, partial_files


@pytest.mark.parametrize("fault", [disk_full, io_error, kill_process])
@pytest.mark.parametrize("before", [OLD, None])
def test_a_replaced_file_is_old_or_new_after_any_failure(
    fault: Fault, before: bytes | None, tmp_path: Path, disk: FaultyDisk
) -> None:
    folder = tmp_path / "deep/er"
    path = folder / "x.json"

    def prepare() -> None:
        if path.exists():
            path.unlink()
        if before is not None:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(before)

    outcomes = set()
    for _, run in each_operation(disk, prepare, lambda: files.replace(path, NEW)):
        failed = run(fault)
        now = path.read_bytes() if path.exists() else None
        assert now in (before, NEW)
        assert failed or now == NEW  # success implies a durable file
        outcomes.add(now)
        if fault is not kill_process:
            assert visible_names(folder) | {"x.json"} == set(os.listdir(folder)) | {"x.json"}  # noqa: PTH208
        partial_files.remove_partial_files(folder)
        assert set(read_files(folder)) <= {"x.json"}
    assert outcomes == {before, NEW}


def test_a_line_is_appended_by_one_write(tmp_path: Path, disk: FaultyDisk) -> None:
    disk.arm(0, short_write)
    files.append(tmp_path / "log.jsonl", RECORD)
    disk.disarm()
    assert disk.operations.count("write") == 1


def test_a_long_name_can_be_replaced(tmp_path: Path) -> None:
    files.replace(tmp_path / ("x" * 250), NEW)
    assert read_files(tmp_path) == {"x" * 250: NEW}


LONG_NAMES = ["n" * 210 + f"{k}.png" for k in range(4)]


def test_I14_long_names_that_differ_at_the_end_get_different_partial_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync, damaged = os.fsync, list[str]()
    monkeypatch.setattr(os, "fsync", lambda descriptor: (time.sleep(0.001), fsync(descriptor)))

    def write(number: int) -> None:
        path, content = tmp_path / LONG_NAMES[number], bytes([number]) * 100_000
        for _ in range(10):
            files.replace(path, content)
            if path.read_bytes() != content:
                damaged.append(path.name)

    with ThreadPoolExecutor(len(LONG_NAMES)) as pool:
        list(pool.map(write, range(len(LONG_NAMES))))  # raises exceptions of threads
    assert not damaged
    assert visible_names(tmp_path) == set(os.listdir(tmp_path)) == set(LONG_NAMES)  # noqa: PTH208


def test_D20_the_bytes_of_an_interrupted_download_are_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted_download() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionError("cut")

    synced: list[int] = []
    fsync = os.fsync

    def record_size(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_size)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record_size)
    with pytest.raises(ConnectionError):
        files.extend(tmp_path / "set.zip", interrupted_download(), start=0)
    files.extend(tmp_path / "set.zip", [b" and half"], start=4)
    assert synced == [4, 13]
    assert (tmp_path / "set.zip").read_bytes() == b"half and half"


def test_an_atomically_opened_file_appears_complete_at_the_end_of_its_block(
    tmp_path: Path,
) -> None:
    path = tmp_path / "deep/large.tif"
    with files.open_atomically(path) as file:
        file.write(b"0123")
        assert not path.exists()
        file.seek(1)
        assert file.read(2) == b"12"
    assert path.read_bytes() == b"0123"
    assert [each.name for each in path.parent.iterdir()] == ["large.tif"]


@pytest.mark.parametrize("fault", [disk_full, io_error])
def test_an_atomically_opened_file_is_old_or_new_after_any_failure(
    fault: Fault, tmp_path: Path, disk: FaultyDisk
) -> None:
    path, outcomes = tmp_path / "large.tif", set()

    def prepare() -> None:
        path.write_bytes(OLD)

    def write() -> None:
        with files.open_atomically(path) as file:
            file.write(NEW)

    for _, run in each_operation(disk, prepare, write):
        failed = run(fault)
        assert failed or path.read_bytes() == NEW
        outcomes.add(path.read_bytes())
        assert {each.name for each in tmp_path.iterdir()} == {"large.tif"}
    assert outcomes == {OLD, NEW}


def test_nothing_is_left_of_an_atomically_opened_file_if_its_block_raises(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"), files.open_atomically(tmp_path / "a") as file:
        file.write(b"0")
        raise ValueError("stop")
    assert not any(tmp_path.iterdir())
