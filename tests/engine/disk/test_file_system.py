"""File systems that lack operations: work continues, and the missing operations are noted once."""

import errno
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import small_checkpoints
import small_runs

from translate.engine.disk import durable, file_system, files, folders
from translate.engine.disk.records import json_files
from translate.engine.inference.folder import translate_folder
from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.models import model as infer
from translate.engine.models.options import InferenceOptions
from translate.engine.system import console

FailCalls = Callable[[str, Callable[[str], bool], int], None]


@pytest.fixture(autouse=True)
def no_known_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget which operations are missing."""
    monkeypatch.setattr(file_system, "_unsupported", {})


def is_folder(descriptor: int) -> bool:
    return os.path.isdir(f"/proc/self/fd/{descriptor}")  # noqa: PTH112


@pytest.fixture
def fail_calls(monkeypatch: pytest.MonkeyPatch) -> FailCalls:
    """Make a function of `os` raise an errno for some first arguments."""

    def fail(name: str, when: Callable[[Any], bool], code: int) -> None:
        function = getattr(os, name)

        def call(first: Any, *others: Any, **named: Any) -> Any:
            if when(first):
                raise OSError(code, os.strerror(code))
            return function(first, *others, **named)

        monkeypatch.setattr(os, name, call)

    return fail


def write_all(root: Path) -> None:
    """Write, replace and remove files and folders with all functions that there are."""
    folders.ensure_writable(root)
    files.replace(root / "deep/x", b"1")
    files.append(root / "log.jsonl", {"step": 1})
    files.sync(root / "log.jsonl", name=True)
    folders.write_folder(root / "folder", {"a": b"1", "below/b": b"2"}, size=10)
    contents = {"a": b"3", "below/b": b"4"}
    folders.write_folder(root / "folder", contents, size=10, write_first=write_part)
    folders.write_folders(root, "set", [("one/a", b"5"), ("two/b", b"6")])
    folders.remove_folder(root / "two")


def write_part(folder: Path) -> list[str]:
    """Write a file as another process does."""
    durable.write_durably(folder / "part", b"7")
    return ["part"]


def files_below(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


WRITTEN_FILES = {
    "deep/x": b"1", "log.jsonl": b'{"step": 1}\n', "folder/a": b"3", "folder/below/b": b"4",
    "folder/part": b"7", "one/a": b"5",
}  # fmt: skip


NO_FOLDER_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EACCES, errno.EPERM, errno.EBADF)


@pytest.mark.parametrize(
    ("function", "applies", "code", "note"),
    [
        *(("fsync", is_folder, code, "folders cannot be synced") for code in NO_FOLDER_SYNC),
        ("fsync", lambda each: not is_folder(each), errno.ENOSYS, "files cannot be synced"),
        ("statvfs", lambda _: True, errno.ENOSYS, "free space is not known"),
        ("statvfs", lambda _: True, errno.EACCES, "free space is not known"),
        ("statvfs", lambda _: True, errno.EIO, "free space is not known"),
    ],
)
def test_T28_an_operation_that_the_file_system_lacks_is_noted_once(
    function: str, applies: Any, code: int, note: str, tmp_path: Path, fail_calls: FailCalls
) -> None:
    fail_calls(function, applies, code)
    write_all(tmp_path)
    assert files_below(tmp_path) == WRITTEN_FILES
    assert file_system.unsupported_operations(tmp_path) == [f"{note}: {os.strerror(code)}"]


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.ESTALE])
@pytest.mark.parametrize("of_folders", [True, False])
def test_T28_a_sync_that_fails_is_an_error(
    code: int, of_folders: bool, tmp_path: Path, fail_calls: FailCalls
) -> None:
    folders.make_folder(tmp_path / "deep")
    fail_calls("fsync", lambda descriptor: is_folder(descriptor) == of_folders, code)
    with pytest.raises(OSError, match=os.strerror(code)):
        files.replace(tmp_path / "deep/x", b"1")
    with pytest.raises(OSError, match=os.strerror(code)):
        folders.write_folder(tmp_path / "folder", {"a": b"1"})
    assert not file_system.unsupported_operations(tmp_path)


def test_T28_a_system_without_folder_descriptors_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_calls(folder: Path) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", str(folder))

    monkeypatch.setattr(durable, "open_folder", fail_calls)
    write_all(tmp_path)
    assert files_below(tmp_path) == WRITTEN_FILES
    assert file_system.unsupported_operations(tmp_path) == [
        "folders cannot be synced: Permission denied"
    ]


def test_T28_a_system_without_statvfs_has_enough_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "statvfs")
    write_all(tmp_path)
    assert file_system.unsupported_operations(tmp_path) == ["free space is not known: no statvfs"]


@pytest.mark.parametrize("code", [errno.EXDEV, errno.ENOSYS, errno.EPERM])
def test_T28_folders_that_cannot_be_renamed_are_filled_in_order(
    code: int, tmp_path: Path, fail_calls: FailCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last file, the manifest of a checkpoint, is renamed last."""
    fail_calls("rename", os.path.isdir, code)
    replaced, replace = list[str](), os.replace
    monkeypatch.setattr(os, "replace", lambda a, b: (replaced.append(Path(b).name), replace(a, b)))
    write_all(tmp_path)
    assert files_below(tmp_path) == WRITTEN_FILES
    assert replaced == ["x", "a", "b", "part", "a", "b", "a", "b"]
    assert file_system.unsupported_operations(tmp_path) == [
        f"folders cannot be renamed: {os.strerror(code)}"
    ]


def test_T28_files_that_cannot_be_renamed_are_written_in_place(
    tmp_path: Path, fail_calls: FailCalls
) -> None:
    fail_calls("replace", lambda _: True, errno.ENOSYS)
    files.replace(tmp_path / "x", b"1")
    files.replace(tmp_path / "x", b"2")
    assert files_below(tmp_path) == {"x": b"2"}
    assert file_system.unsupported_operations(tmp_path) == [
        "files cannot be renamed: Function not implemented"
    ]


@pytest.fixture
def limited_file_system(
    fail_calls: FailCalls, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[str]]:
    """Fail all operations that a file system may lack; return the notes about them."""
    from translate.engine.disk import locks

    def no_locks(*_: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    fail_calls("fsync", is_folder, errno.EINVAL)
    fail_calls("statvfs", lambda _: True, errno.ENOSYS)
    fail_calls("rename", os.path.isdir, errno.ENOTSUP)
    monkeypatch.setattr(locks.fcntl, "lockf", no_locks)
    monkeypatch.setattr(locks.fcntl, "flock", no_locks)
    yield [
        "files cannot be locked: No locks available",
        "folders cannot be renamed: Operation not supported",
        "folders cannot be synced: Invalid argument",
        "free space is not known: Function not implemented",
    ]


def test_T28_a_run_on_such_a_file_system_is_trained_resumed_and_noted(
    limited_file_system: list[str], tmp_path: Path, image_folder: Callable[..., Path]
) -> None:
    image_folder("a", 2), image_folder("b", 2)
    recorder = small_runs.ProgressRecorder()
    config = small_runs.config(tmp_path, train__steps=2, train__save_every=1)
    small_runs.train(config, tmp_path / "run", recorder)
    small_runs.resume(tmp_path / "run", recorder, steps=3)
    record = json.loads((tmp_path / "run/run.json").read_bytes())
    assert record["file_system"] == record["earlier"][0]["file_system"] == limited_file_system
    for line in limited_file_system:
        messages = [message for message in recorder.lines if line in message]
        assert len(messages) <= 2  # one in each session
    assert small_runs.checkpoint_steps(tmp_path / "run") == [2, 3]
    assert not list((tmp_path / "run").rglob(".*"))


def test_T28_such_an_output_folder_is_filled_and_noted(
    limited_file_system: list[str], tmp_path: Path, image_folder: Callable[..., Path]
) -> None:
    source, out = image_folder("in", 2, size=8), tmp_path / "out"
    model, _ = infer.load(small_checkpoints.cyclegan(tmp_path / "run"))
    events = list[str]()

    def translate() -> Any:
        with console.messages(events.append):
            return translate_folder(model, find_inputs(source, out), out, InferenceOptions())

    assert translate().done == 2
    assert translate().skipped == 2
    record = json.loads((out / ".translate/file-system.json").read_bytes())["file_system"]
    no_locks, _, no_folder_sync, _ = limited_file_system
    assert {no_locks, no_folder_sync} <= set(record) <= set(limited_file_system)
    assert len([line for line in events if no_folder_sync in line]) == 2  # one in each command
    assert not json_files.read_lines(out / "problems.jsonl")
