"""Folders are written, replaced and removed as a whole; unwritable folders are refused early."""

import errno
import os
from contextlib import suppress
from pathlib import Path

import pytest
from disk_faults import (
    Fault,
    FaultyDisk,
    ProcessKilled,
    disk_full,
    each_operation,
    io_error,
    kill_process,
    short_write,
)
from file_trees import NEW, TREE_NEW, TREE_OLD, read_files, visible_names
from power_cut import DiskRecorder

from translate.engine.disk import files, folders, partial_files
from translate.errors import SaveError


@pytest.mark.parametrize("fault", [disk_full, io_error, kill_process])
def test_a_written_folder_appears_complete_or_not_at_all(
    fault: Fault, tmp_path: Path, disk: FaultyDisk
) -> None:
    target = tmp_path / "step-1"

    def prepare() -> None:
        partial_files.remove_partial_files(tmp_path)
        if target.exists():
            folders.remove_folder(target)

    outcomes = []
    for _, run in each_operation(disk, prepare, lambda: folders.write_folder(target, TREE_NEW)):
        failed = run(fault)
        now = read_files(target)
        assert now in ({}, TREE_NEW)
        assert failed or now == TREE_NEW
        assert visible_names(tmp_path) <= {"step-1"}
        outcomes.append(bool(now))
        partial_files.remove_partial_files(tmp_path)
        assert os.listdir(tmp_path) == (["step-1"] if now else [])  # noqa: PTH208
    assert set(outcomes) == {False, True}


@pytest.mark.parametrize("fault", [disk_full, io_error, kill_process])
def test_a_replaced_folder_is_never_a_mixture(
    fault: Fault, tmp_path: Path, disk: FaultyDisk
) -> None:
    target = tmp_path / "step-1"

    def prepare() -> None:
        partial_files.remove_partial_files(tmp_path)
        if target.exists():
            folders.remove_folder(target)
        folders.write_folder(target, TREE_OLD)

    for _, run in each_operation(disk, prepare, lambda: folders.write_folder(target, TREE_NEW)):
        run(fault)
        assert read_files(target) in ({}, TREE_OLD, TREE_NEW)


@pytest.mark.parametrize("fault", [disk_full, io_error, kill_process])
def test_a_removed_folder_is_complete_or_gone(
    fault: Fault, tmp_path: Path, disk: FaultyDisk
) -> None:
    target = tmp_path / "step-1"

    def prepare() -> None:
        partial_files.remove_partial_files(tmp_path)
        if not target.exists():
            folders.write_folder(target, TREE_OLD)

    for _, run in each_operation(disk, prepare, lambda: folders.remove_folder(target)):
        run(fault)
        assert read_files(target) in ({}, TREE_OLD)


@pytest.mark.parametrize("fault", [disk_full, io_error, kill_process])
def test_a_folder_of_many_files_appears_complete_or_not_at_all(
    fault: Fault, tmp_path: Path, disk: FaultyDisk
) -> None:
    target, many = tmp_path / "many", {str(n): b"%d" % n for n in range(folders.MANY_FILES + 1)}
    for index in (1, 150, 3 * len(many) + 2):  # the folder, a file, the folder once more
        disk.arm(index, fault)
        with pytest.raises((OSError, ProcessKilled)):
            folders.write_folder(target, many)
        disk.disarm()
        assert not target.exists()
    disk.arm(0, short_write)
    folders.write_folder(target, many)
    disk.disarm()
    assert read_files(target) == many
    assert disk.operations.count("fsync") == len(many) + 2
    assert disk.operations[-3:] == ["fsync", "rename", "fsync"]


def test_ensure_writable_creates_an_empty_folder(tmp_path: Path) -> None:
    folders.ensure_writable(tmp_path / "deep/er")
    assert os.listdir(tmp_path / "deep/er") == []  # noqa: PTH208


@pytest.mark.parametrize("index", [1, 2, 3, 4])
def test_a_read_only_folder_is_refused_before_any_work(
    index: int, tmp_path: Path, disk: FaultyDisk
) -> None:
    disk.arm(index, lambda *_: (_ for _ in ()).throw(OSError(errno.EROFS, "Read-only file system")))
    with pytest.raises(SaveError, match=r"cannot write to .*: Read-only file system\.") as error:
        folders.ensure_writable(tmp_path / "run")
    disk.disarm()
    assert error.value.exit_code == 2
    with suppress(FileNotFoundError):
        assert all(name.startswith(".probe.part-") for name in read_files(tmp_path / "run"))
        folders.ensure_writable(tmp_path / "run")
        assert not read_files(tmp_path / "run")


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SaveError, match=r"cannot write to .*file/run: Not a directory"):
        folders.ensure_writable(tmp_path / "file/run")
    with pytest.raises(SaveError, match=r"cannot write to .*file: File exists"):
        folders.ensure_writable(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_power_cut_leaves_no_part_of_a_folder_with_folders_at_any_depth(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        recorder = DiskRecorder(tmp_path, patch)
        folders.write_folder(tmp_path / "model", {"one/two/three/weights": NEW})
    written = {"model": {"one": {"two": {"three": {"weights": NEW}}}}}
    for complete, state in recorder.crash_states(first_operation=0):
        visible = {name: content for name, content in state.items() if not name.startswith(".")}
        assert visible == written or (not complete and not visible)


def test_new_folders_are_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        recorder = DiskRecorder(tmp_path, patch)
        files.replace(tmp_path / "deep/er/x", NEW)
        folders.write_folders(tmp_path, "set", [("a/train/1", b"1"), ("a/test/2", b"2")])
    written = {"a": {"train": {"1": b"1"}, "test": {"2": b"2"}}, "deep": {"er": {"x": NEW}}}
    for complete, state in recorder.crash_states(first_operation=len(recorder.done)):
        visible = {name: content for name, content in state.items() if not name.startswith(".")}
        assert visible == written or not complete
    operations = recorder.done
    for kind in (bytes, dict):  # without the syncs of files or of folders, bytes are lost
        recorder.done = operations
        recorder.forget_syncs(kind)
        states = [state for _, state in recorder.crash_states(first_operation=len(recorder.done))]
        assert any(state.get("a") not in (None, written["a"]) for state in states)
