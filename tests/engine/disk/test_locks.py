"""Locks: one process in a run folder, also while its file is being deleted."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from translate.engine.disk import durable, file_system, folders, locks
from translate.errors import ConfigError

LOCKING_PROGRAM = """
import sys
from pathlib import Path
from translate.engine.disk import locks
try:
    with locks.lock_folder(Path(sys.argv[1])):
        print("held", flush=True)
        sys.stdin.read()
except Exception as error:
    print(type(error).__name__, error, flush=True)
"""


def lock_in_process(folder: Path) -> "subprocess.Popen[str]":
    """Start a process that locks `folder`, and prints ``held`` or the error."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", LOCKING_PROGRAM, str(folder)]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)


def test_a_lock_is_held_once_and_removed_afterwards(tmp_path: Path) -> None:
    with locks.lock_folder(tmp_path):
        assert lock_in_process(tmp_path).communicate()[0].startswith("ConfigError")
    assert not list(tmp_path.iterdir())
    with lock_in_process(tmp_path) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        with pytest.raises(ConfigError, match="is in use: another process trains there"):
            locks.lock_folder(tmp_path).__enter__()


def test_a_lock_file_deleted_by_its_last_holder_is_not_a_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise two processes would each lock a file of that name."""
    lock, deleted = locks._lock, list[int]()

    def delete_and_lock(descriptor: int) -> None:
        if not deleted:
            (tmp_path / locks.LOCK).unlink()
            deleted.append(descriptor)
        lock(descriptor)

    monkeypatch.setattr(locks, "_lock", delete_and_lock)
    with locks.lock_folder(tmp_path):
        assert deleted
        assert (tmp_path / locks.LOCK).exists()
        assert lock_in_process(tmp_path).communicate()[0].startswith("ConfigError")


def test_T28_without_file_locks_work_continues_and_it_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: int) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(file_system, "_unsupported", {})
    monkeypatch.setattr(locks.fcntl, "lockf", refuse)
    monkeypatch.setattr(locks.fcntl, "flock", refuse)
    results = list[bool | None]()
    with (
        locks.lock_folder(tmp_path),
        locks.exclusive_lock(tmp_path, lambda: None) as certain,
        locks.shared_lock(tmp_path / "lock", results.append),
    ):
        assert results == [None] and not certain
    assert file_system.unsupported_operations(tmp_path) == [
        "files cannot be locked: Function not implemented"
    ]


def test_T28_a_system_without_fcntl_has_no_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_system, "_unsupported", {})
    monkeypatch.setattr(locks, "fcntl", None)
    with locks.lock_folder(tmp_path), locks.exclusive_lock(tmp_path, lambda: None) as certain:
        assert not certain
    assert file_system.unsupported_operations(tmp_path) == ["files cannot be locked: no fcntl"]


def test_a_shared_lock_reports_its_first_holder(tmp_path: Path) -> None:
    results = list[bool | None]()
    with locks.shared_lock(tmp_path / "lock", results.append):
        for _ in range(2):
            with locks.shared_lock(tmp_path / "lock", results.append):
                pass
    with locks.shared_lock(tmp_path / "lock", results.append):
        pass
    assert results == [True, False, False, True]


def test_an_exclusive_lock_waits_for_its_holder(tmp_path: Path) -> None:
    order, is_held, second_waits = list[str](), threading.Event(), threading.Event()

    def hold() -> None:
        with locks.exclusive_lock(tmp_path, lambda: None):
            is_held.set()
            second_waits.wait(10)
            order.append("first")

    thread = threading.Thread(target=hold)
    thread.start()
    is_held.wait(10)
    with locks.exclusive_lock(tmp_path, second_waits.set) as certain:
        order.append("second")
    thread.join()
    assert order == ["first", "second"] and certain


def test_a_lock_in_a_read_only_folder_is_a_one_line_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, _flags: int) -> int:
        raise PermissionError(13, os.strerror(13), str(path))

    monkeypatch.setattr(durable, "open_regular", refuse)
    with pytest.raises(
        folders.UnwritableError, match=rf"^cannot write to {tmp_path}: Perm"
    ) as error:
        locks.lock_folder(tmp_path).__enter__()
    assert error.value.exit_code == 2
